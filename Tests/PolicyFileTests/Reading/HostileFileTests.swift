import PolicyFile
import Testing
import TrustBudget

/// Files that were made to do harm: an answer, and no crash, is all that is asked. What harms takes hours;
/// the limit is for a test that would never end.
@Suite("Hostile policy files", .serialized, .timeLimit(.minutes(2)))
struct HostileFileTests {
  private static let mebibyte = 1 << 20

  private func repeated(_ text: String, after prefix: String = "", bytes: Int = mebibyte) -> [UInt8]
  {
    let count = (bytes - prefix.utf8.count) / text.utf8.count
    return Array((prefix + String(repeating: text, count: count)).utf8)
  }

  @Test func `a file of 10 MB is refused for its size`() {
    let problems = Policy.problems(repeated("[", bytes: 10_000_000))
    #expect(problems.map(\.message) == ["the file is too large"])
  }

  @Test(arguments: [
    "[", "{", "[]\n", "[],", "- ", "-\n", "? ", ": ", "a: ", "a:\n", "'", "\"", "|\n ", "#", "!",
    "!a ",
    "&a ", "*a ", "%TAG ! a\n", "%YAML 1.1\n", "\t", "\r", "\0", "\u{FEFF}", "é", "---\n",
    "...\n",
    "a", "a ", "\\", "${", "[a: ", "{a: [", "x: !!y\n", "<<: *a\n", "\u{1B}[31m", "? - ",
  ])
  func `a mebibyte of anything gets its answer`(text: String) {
    #expect(!Policy.problems(repeated(text)).isEmpty)
    #expect(!Policy.problems(repeated(text, after: "policies: [a, ")).isEmpty)
    #expect(!Policy.problems(repeated(text, after: "policies:\n- ")).isEmpty)
  }

  @Test func `anchors and tag directives without end are refused`() {
    let anchors = (0..<100_000).map { "&a\($0) b," }.joined()
    let directives = (0..<60_000).map { "%TAG !a\($0)! b\n" }.joined()
    let aliases = "policies: [&a b" + String(repeating: ", *a", count: 200_000) + "]"
    for text in ["policies: [\(anchors)]", directives, aliases] {
      let message = Policy.problems(Array(text.utf8)).first?.message
      #expect(message?.hasPrefix("a file like this holds at most") == true)
    }
  }

  @Test func `a billion laughs are not walked`() {
    var yaml = "a0: &a0 {local_usernames: [x]}\n"
    for level in 1...30 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    yaml += "policies: *a30\n"
    #expect(!Policy.problems(Array(yaml.utf8)).isEmpty)
  }

  @Test func `a short file that stands for a billion values is refused`() {
    let globs = Array(repeating: "x", count: 30_000).joined(separator: ", ")
    let rules = Array(repeating: "*rule", count: 9_000).joined(separator: ", ")
    let yaml = """
      policies:
        - &rule {name: A, principals: [u], max_duration: 1m, match: {emails: [\(globs)]}}
      \(rules.split(separator: ", ").map { "  - \($0)" }.joined(separator: "\n"))
      """
    let problems = Policy.problems(Array(yaml.utf8))
    #expect(problems.contains { $0.message == "the file's aliases stand for too much" })
  }

  @Test func `a node that holds itself is no trap`() {
    #expect(!Policy.problems(Array("policies: &a [*a]".utf8)).isEmpty)
    #expect(!Policy.problems(Array("&a policies: *a".utf8)).isEmpty)
    #expect(!Policy.problems(Array("&a {policies: *a, default: *a}".utf8)).isEmpty)
  }

  @Test func `no more than a thousand diagnostics are kept, and the rest is counted`() {
    let yaml = "policies: [" + String(repeating: "1,", count: 50_000) + "]"
    let error = #expect(throws: FileDiagnostics.self) { try Policy(yaml) }
    #expect(error?.all.count == 1_000)
    #expect(error?.omittedCount == 49_000)
  }

  @Test func `no number of warnings hides an error`() {
    let rules = (0...1_002).map { "- {name: R\($0), principals: [a], max_duration: 1m}\n" }
    let problems = Policy.problems("policies:\n\(rules.joined())- {name: R, principals: [a]}")
    #expect(problems.filter { $0.severity == .error }.map(\.line) == [1_005])
    #expect(problems.count { $0.severity == .warning } == 1_000)
  }

  @Test func `what is not UTF-8 is found at its place`() {
    let bytes = Array("policies: []\né ".utf8) + [0xFF] + Array("x".utf8)
    let problem = Policy.problems(bytes).first
    #expect(problem?.line == 2)
    #expect(problem?.column == 3)
    #expect(Policy.problems([0xFF, 0xFE, 0x61, 0x00]).first?.line == 1)
  }

  @Test func `nothing of a file reaches a terminal as a command`() {
    let yaml = #"{"\e[31m\u202e": 1, policies: ["# + "\"\u{9B}31m\u{202E}\u{200B}\"]}"
    for problem in Policy.problems(yaml) {
      for scalar in problem.description.unicodeScalars where scalar != "\n" {
        #expect(!([.control, .format] as Set).contains(scalar.properties.generalCategory))
      }
    }
  }

  @Test func `a long line is cut around the mistake`() throws {
    let padding = String(repeating: "x", count: 100_000)
    let problems = Policy.problems(#"{a: "\#(padding)", wrong: 2, b: "\#(padding)"}"#)
    let problem = try #require(problems.first { $0.message.contains("wrong") })
    #expect(problem.column == 100_009)
    #expect(problem.sourceLine.count <= 102)
    #expect(problem.sourceLine.contains(#"x", wrong: 2, b: "xx"#))
  }

  @Test(arguments: 0..<8)
  func `random bytes, and samples with random bytes in them, never crash`(seed: UInt64) {
    var random = SplitMix64(state: seed)
    let alphabet = Array("[]{}:,-?&*!|>'\"%@`# \n\tab1~$\\<.".utf8)
    let samples = [Samples.full, Samples.described].map { Array($0.utf8) }
    for round in 0..<1_500 {
      var bytes: [UInt8] =
        switch round % 3 {
        case 0:
          (0..<Int.random(in: 0..<300, using: &random)).map { _ in
            .random(in: 0...255, using: &random)
          }
        case 1:
          (0..<Int.random(in: 0..<300, using: &random)).compactMap { _ in
            alphabet.randomElement(using: &random)
          }
        default: samples[round / 3 % 2]
        }
      for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: bytes.indices, using: &random)
        bytes[index] = alphabet.randomElement(using: &random) ?? 0
      }
      for problem in Policy.problems(bytes) {
        #expect(problem.line >= 1 && problem.column >= 1 && !problem.description.isEmpty)
      }
    }
  }
}
