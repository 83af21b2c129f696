import Testing

@testable import TrustBudget

@Suite("Names of people and budgets")
struct NamesTests {
  @Test(arguments: [
    "alice", "user:alice", "Jos\u{E9}", "\u{5C71}\u{7530}", "\u{905}\u{92E}\u{93F}\u{924}",
    "a b", "a%3Ab/c$^+<>=~|`", "x\u{2014}y",
  ])
  func `one line of visible text is a name, in any script`(name: String) throws {
    #expect(try Username(name).value == name)
    #expect(try BudgetID(name).description == name)
  }

  @Test(arguments: [
    ("", "must not be empty"),
    ("a\u{0}", "must not contain the control character U+0000"),
    ("a\nb", "must not contain the control character U+000A"),
    ("a\u{7F}", "must not contain the control character U+007F"),
    ("\u{85}", "must not contain the control character U+0085"),
    ("al\u{200B}ice", "must not contain the character U+200B"),
    ("\u{202E}ecila", "must not contain the character U+202E"),
    ("a\u{A0}b", "must not contain the character U+00A0"),
    ("a\u{2028}b", "must not contain the character U+2028"),
    ("alice\u{1F600}", "must not contain the character U+1F600"),
    ("\u{1F468}\u{200D}\u{1F469}", "must not contain the character U+1F468"),
    ("\u{20AC}5", "must not contain the character U+20AC"),
    ("\u{E000}", "must not contain the character U+E000"),
    ("\u{378}", "must not contain the character U+0378"),
    ("a\u{FE0F}", "must not contain the character U+FE0F"),
    ("a\u{3164}", "must not contain the character U+3164"),
    ("a\u{34F}b", "must not contain the character U+034F"),
    ("Jose\u{301}", "must be in Unicode normalization form C"),
    ("\u{212A}elvin", "must be in Unicode normalization form C"),
  ])
  func `what a reader could not see or tell apart is refused, and named`(
    name: String, requirement: String
  ) {
    #expect(throws: InvalidValue(requirement)) { try Username(name) }
    #expect(throws: InvalidValue(requirement)) { try BudgetID(name) }
  }

  @Test(arguments: ["a", "\u{E9}", "\u{5C71}", "\u{20000}"])
  func `length counts in bytes: 256 for people, 1024 for budgets`(letter: String) throws {
    func name(_ bytes: Int) -> String {
      let letters = String(repeating: letter, count: bytes / letter.utf8.count)
      return letters + String(repeating: "a", count: bytes % letter.utf8.count)
    }
    #expect(try Username(name(256)).value.utf8.count == 256)
    #expect(try BudgetID(name(1_024)).value.utf8.count == 1_024)
    #expect(throws: InvalidValue("must be at most 256 bytes long; this is 257")) {
      try Username(name(257))
    }
    #expect(throws: InvalidValue("must be at most 1024 bytes long; this is 1025")) {
      try BudgetID(name(1_025))
    }
  }

  @Test func `budgets are locked in the order of their bytes, as PostgreSQL sorts them`() throws {
    let sorted = ["Z", "a", "a:", "ab", "\u{E9}", "\u{FF21}", "\u{10400}"]
    let shuffled = try ["\u{10400}", "ab", "\u{FF21}", "Z", "\u{E9}", "a:", "a"].map {
      try BudgetID($0)
    }
    #expect(shuffled.sorted().map(\.value) == sorted)
  }
}

@Suite("Request ids")
struct RequestIDTests {
  @Test(arguments: ["a", "~!\"\\", "0f8fad5b-d9cb-469f", String(repeating: "x", count: 128)])
  func `a request id is 1 to 128 visible ASCII characters`(id: String) throws {
    #expect(try RequestID(id).value == id)
  }

  @Test(arguments: [
    "", "a b", "a\n", "\u{7F}", "\u{E9}", "a\u{0}", String(repeating: "x", count: 129),
  ])
  func `spaces, control characters, other scripts and long ids are refused`(id: String) {
    #expect(throws: InvalidValue("must be 1 to 128 visible ASCII characters")) {
      try RequestID(id)
    }
  }
}
