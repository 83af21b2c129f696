import Testing

/// JSON text that a field must not accept, with a name for messages.
struct Garbage: Sendable, CustomTestStringConvertible {
  let name: String
  let json: String

  var testDescription: String { name }

  init(_ name: String, _ json: String) {
    self.name = name
    self.json = json
  }

  init(_ json: String) {
    self.init(json, json)
  }

  /// No field of any request takes these.
  static let everywhere = [
    Garbage("{}"), Garbage(#"{"a":1}"#), Garbage("NaN"), Garbage("-Infinity"), Garbage("1e400"),
    Garbage("-1e400"), Garbage("-"), Garbage("01"), Garbage("nul"), Garbage("'a'"), Garbage(""),
    Garbage("[1"), Garbage("\"open"), Garbage(#""\x""#), Garbage(#""\ud83d""#),
    Garbage("a raw line feed", "\"a\nb\""), Garbage("a raw NUL", "\"a\0b\""),
    Garbage("10,000 lists", String(repeating: "[", count: 10_000)),
    Garbage(
      "10,000 lists, closed",
      String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)),
    Garbage("5,000 objects", String(repeating: #"{"a":"#, count: 5_000)),
    Garbage("1 MB of text", "\"" + String(repeating: "x", count: 1 << 20) + "\""),
    Garbage("1 MB of digits", String(repeating: "9", count: 1 << 20)),
  ]

  private static let wrongTypes = [
    Garbage("true"), Garbage("7"), Garbage("-1"), Garbage("1.5"), Garbage("9223372036854775808"),
  ]

  private static let lists = [Garbage("[]"), Garbage(#"["a"]"#)]

  private static let badFreeText = [
    Garbage(#""""#), Garbage(#""\u0000""#), Garbage(#""a\u0000b""#), Garbage(#""\n""#),
    Garbage(#""\u202e""#),
    Garbage("5,000 bytes", "\"" + String(repeating: "x", count: 5_000) + "\""),
  ]

  private static let badText =
    badFreeText + [
      Garbage(#""a\nb""#), Garbage(#""😀""#), Garbage(#""\ud83d\ude00""#), Garbage(#""e\u0301""#),
    ]

  private static let badAmounts = [
    Garbage("1.5"), Garbage("9007199254740992"), Garbage("9223372036854775807"),
    Garbage("9223372036854775808"), Garbage("18446744073709551616"), Garbage("1e30"),
    Garbage(#""1""#), Garbage("true"),
  ]

  /// A decoder would take these for whole numbers.
  private static let fractions = [
    Garbage("1e-400"), Garbage("1.0"), Garbage("1e2"), Garbage("1E0"),
    Garbage("9007199254740991.4"), Garbage("1.0000000000000000001"),
    Garbage("0.00000000000000000001e20"),
  ]

  /// What people say in their own words.
  static let forFreeText = everywhere + wrongTypes + lists + badFreeText
  /// One line of visible text.
  static let forText = everywhere + wrongTypes + lists + badText
  /// Text of one form, such as an address.
  static let forPattern = forText + [Garbage(#""a b""#), Garbage(#""%s%n""#)]
  static let forRequestID = forText + [Garbage(#""a b""#), Garbage(#""é""#)]
  static let forTexts =
    everywhere + wrongTypes + badText + [
      Garbage(#""a""#), Garbage("[1]"), Garbage("[null]"), Garbage(#"[["a"]]"#), Garbage(#"[""]"#),
      Garbage(#"["a","😀"]"#),
      Garbage(
        "300 members", "[" + Array(repeating: #""a""#, count: 300).joined(separator: ",") + "]"),
    ]
  static let forFlag =
    everywhere + lists + [
      Garbage("0"), Garbage("1"), Garbage(#""true""#), Garbage(#""""#), Garbage("1.5"),
    ]
  static let forPoints = everywhere + lists + badAmounts + fractions + [Garbage("-1")]
  static let forSignedPoints =
    everywhere + lists + badAmounts + fractions + [Garbage("-9007199254740992")]
  static let forHours =
    everywhere + lists + [
      Garbage("0"), Garbage("-1"), Garbage("1e-300"), Garbage("1e300"), Garbage("876601"),
      Garbage(#""24""#), Garbage("true"),
    ]
  static let forSerial =
    everywhere + lists + fractions + [
      Garbage("-1"), Garbage("1.5"), Garbage("18446744073709551616"), Garbage(#""-1""#),
      Garbage(#""""#), Garbage(#""1.5""#), Garbage(#""0x1""#), Garbage("true"), Garbage(#""-0""#),
      Garbage(#""+1""#),
    ]
  static let forCharges =
    everywhere + wrongTypes + [Garbage("[]"), Garbage(#""a""#), Garbage("[{},{}]"), Garbage("[1]")]
}
