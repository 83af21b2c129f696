import Testing
import TrustBudget

@testable import PolicyFile

@Suite("Shell patterns")
struct GlobTests {
  @Test(arguments: [
    ("*", "", true), ("*", "anything", true), ("a*", "a", true), ("a*", "ba", false),
    ("*@example.com", "alice@example.com", true), ("*@example.com", "x@example.com.evil", false),
    ("?", "a", true), ("?", "", false), ("?", "ab", false), ("?", "é", true),
    ("Alice", "alice", false), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false),
    ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true),
    ("[!a-c]x", "ax", false), ("[]a]", "]", true), ("[!]]", "]", false), ("[!]]", "a", true),
    ("[!^a]", "b", true), ("[!^a]", "^", false), ("[!^a]", "a", false),
    ("[a-]", "-", true), ("[-a]", "-", true), ("[*?]", "*", true), ("[*?]", "x", false),
    (#"\*"#, "*", true), (#"\*"#, "x", false), (#"\[a]"#, "[a]", true), (#"[\]]"#, "]", true),
    (#"[\!a]"#, "!", true), (#"a\\b"#, #"a\b"#, true), ("**a", "bba", true), ("a]", "a]", true),
  ])
  func `a pattern matches the whole text, in its own case`(
    pattern: String, text: String, expected: Bool
  ) throws {
    #expect(try Glob(pattern).matches(text) == expected)
  }

  @Test(arguments: [
    ("*", "user:${username}", true, false), ("user:*", "user:${username}", true, false),
    ("us*", "user:${username}", true, false), ("u?[e]r:*", "user:${username}", true, false),
    ("user:?*", "user:${username}", false, false), ("user:ci", "user:${username}", false, false),
    ("*ci", "user:${username}", false, false), ("user:", "user:${username}", false, true),
    ("user", "user:${username}", false, true), ("group:*", "user:${username}", false, true),
    ("User:*", "user:${username}", false, true), ("user:a:b", "user:${username}", false, true),
    ("user:*/b", "user:${username}", false, true), ("user::*", "user:${username}", false, true),
    ("user:[:]b", "user:${username}", false, false), ("shared", "shared", true, false),
    ("share*", "shared", true, false), ("shared*", "shared", true, false),
    ("shared?", "shared", false, true), ("*red", "shared", false, false),
    ("*blue", "shared", false, true), ("a:*:c", "a:${group}:${username}", false, false),
    ("*:b", "${username}:a", false, true), ("ci-*", "${username}", false, false),
    ("${username}", "${username}", false, false), ("*", "${username}", true, false),
    ("group:team/sre", "group:${group}", false, true),
    ("group:team%2Fsre", "group:${group}", false, false),
  ])
  func `what is certain of a template's names is known, and nothing else`(
    pattern: String, template: String, every: Bool, none: Bool
  ) throws {
    let (glob, template) = (try Glob(pattern), try BudgetIDTemplate(template))
    #expect(glob.matchesEveryName(of: template) == every)
    #expect(glob.matchesNoName(of: template) == none)
  }

  @Test(arguments: [
    "", "[", "[a", "[!", "[]", "[a-", #"[\"#, #"a\"#, "[z-a]", "[^a]", "[[:alpha:]]", "a\nb",
  ])
  func `a pattern that leads nowhere is refused`(pattern: String) {
    #expect(throws: InvalidValue.self) { try Glob(pattern) }
  }

  @Test func `many stars take no time of their power`() throws {
    let text = String(repeating: "a", count: 20_000)
    let (refusing, accepting) = (try Glob("*a*a*a*a*a*a*a*a*b"), try Glob("*a*a*a*a*a*a*a*a*"))
    let elapsed = ContinuousClock().measure {
      #expect(!refusing.matches(text))
      #expect(accepting.matches(text))
    }
    #expect(elapsed < .seconds(5))
  }

  @Test func `random patterns match what a plain recursive matcher says`() throws {
    var random = SplitMix64(state: 1)
    for _ in 0..<20_000 {
      let pattern = String(
        (0...Int.random(in: 0..<7, using: &random)).map { _ in
          ["a", "b", "*", "?", "[ab]", "[!a]", "[a-b]"].randomElement(using: &random) ?? "a"
        }.joined())
      let text = String(
        (0..<Int.random(in: 0..<9, using: &random)).map { _ in
          Bool.random(using: &random) ? "a" : Character("b")
        })
      let matches = try Glob(pattern).matches(text)
      #expect(matches == reference(pattern[...], text[...]), "\(pattern) on \(text)")
    }
  }

  /// Of patterns and texts that hold only a and b; brackets are those of the test above.
  private func reference(_ pattern: Substring, _ text: Substring) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      let rest = pattern.dropFirst()
      return reference(rest, text) || (!text.isEmpty && reference(pattern, text.dropFirst()))
    }
    let length = first == "[" ? (pattern.prefix { $0 != "]" }).count + 1 : 1
    guard let character = text.first else { return false }
    let accepts =
      switch pattern.prefix(length) {
      case "a": character == "a"
      case "b", "[!a]": character == "b"
      default: true
      }
    return accepts && reference(pattern.dropFirst(length), text.dropFirst())
  }
}
