import Testing

@testable import TrustBudget

@Suite("What people say in their own words")
struct FreeTextTests {
  @Test(arguments: [
    "db-1 \u{2192} db-2", "40 \u{B0}C, 5 \u{20AC}", "fire \u{1F525}",
    "\u{26A0}\u{FE0F} watch out",
    "\u{1F468}\u{200D}\u{1F4BB} called", "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}", "\u{E9}",
    "two  spaces", "\u{F8FF}",
  ])
  func `any symbols are taken as they are`(text: String) throws {
    let kept = try FreeText.validate(text)
    #expect(kept.unicodeScalars.elementsEqual(text.unicodeScalars))
  }

  @Test(arguments: [
    ("two\nlines", "two lines"), ("two\r\nlines", "two lines"), ("a\tb", "a b"),
    ("a\u{A0}b\u{3000}c\u{2028}d\u{85}e", "a b c d e"), (" \n a \r\n", "a"),
    ("Jose\u{301}", "Jos\u{E9}"),
    (" \u{308}x", "\u{308}x"),
  ])
  func `it is kept on one line, without white space at its ends, and in form C`(
    text: String, line: String
  ) throws {
    let kept = try FreeText.validate(text)
    #expect(kept.unicodeScalars.elementsEqual(line.unicodeScalars))
  }

  @Test(arguments: [
    ("", "must not be empty"),
    (" \n\t", "must not be empty"),
    ("\u{200D}\u{FE0F}", "must not be empty"),
    ("\u{200D} \u{200D}", "must not be empty"),
    ("a\u{0}", "must not contain the control character U+0000"),
    ("a\u{1B}[2J", "must not contain the control character U+001B"),
    ("\u{202E}live", "must not contain the character U+202E"),
    ("a\u{2066}b", "must not contain the character U+2066"),
    ("a\u{200B}b", "must not contain the character U+200B"),
    ("a\u{FFF9}b", "must not contain the character U+FFF9"),
    ("a\u{E0041}", "must not contain the character U+E0041"),
    ("a\u{E0100}", "must not contain the character U+E0100"),
    ("a\u{3164}", "must not contain the character U+3164"),
    ("\u{378}", "must not contain the character U+0378"),
  ])
  func `what is no visible text is refused, and named`(text: String, requirement: String) {
    #expect(throws: InvalidValue(requirement)) { try FreeText.validate(text) }
  }

  @Test func `length counts in bytes of what is kept`() throws {
    let longest = String(repeating: "\u{2192}", count: 85) + "a"
    #expect(try FreeText.validate(longest + "\n") == longest)
    #expect(throws: InvalidValue("must be at most 256 bytes long; this is 257")) {
      try FreeText.validate(longest + "a")
    }
    #expect(throws: InvalidValue("must be at most 8 bytes long; this is 9")) {
      try FreeText.validate("123456789", maximumBytes: 8)
    }
  }
}
