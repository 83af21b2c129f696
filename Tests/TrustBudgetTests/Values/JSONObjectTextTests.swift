import Foundation
import Testing
import TrustBudgetTesting

@testable import TrustBudget

@Suite("The text of a JSON object")
struct JSONObjectTextTests {
  @Test func `members come in the order they were put in, without white space`() {
    var inner = JSONObjectText()
    inner.put("list", ["a", "b"])
    inner.put("none", [String]())
    var detail = JSONObjectText()
    #expect(detail.text == "{}")
    detail.put(membersOf: JSONObjectText())
    detail.put("text", "a\"b\\c/\n\u{7F}\u{E9}")
    detail.put("number", -9_007_199_254_740_991)
    detail.put("yes", true)
    detail.put("no", false)
    detail.put("moment", Timestamp.newYear)
    detail.put("inner", inner)
    detail.put("empty", JSONObjectText())
    detail.put("objects", [inner, JSONObjectText()])
    detail.put("nothing", [JSONObjectText]())
    detail.putNull("null")
    detail.put("verbatim", json: "[1, 2]")
    var other = JSONObjectText()
    other.put("one", 1)
    other.put("two", 2)
    detail.put(membersOf: other)
    detail.put(membersOf: JSONObjectText())
    var copied = JSONObjectText()
    copied.put(membersOf: other)
    #expect(copied == other)
    #expect(
      detail.text == """
        {"text":"a\\"b\\\\c/\\u000a\\u007f\u{E9}","number":-9007199254740991,"yes":true,"no":false,\
        "moment":"2026-01-01T00:00:00Z","inner":{"list":["a","b"],"none":[]},"empty":{},\
        "objects":[{"list":["a","b"],"none":[]},{}],"nothing":[],"null":null,"verbatim":[1, 2],\
        "one":1,"two":2}
        """)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `whatever is put in, Foundation reads the same back`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<250 {
      let text = randomText(&generator)
      let texts = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        randomText(&generator)
      }
      let number = Int64.random(in: .min ... .max, using: &generator)
      var detail = JSONObjectText()
      detail.put("text", text)
      detail.put("texts", texts)
      detail.put("number", number)
      var outer = JSONObjectText()
      outer.put("inner", detail)
      outer.put("flag", number < 0)

      let object = try jsonObject(outer.text)
      let inner = try #require(object["inner"] as? [String: Any])
      #expect(try #require(inner["text"] as? String).utf8.elementsEqual(text.utf8))
      #expect(inner["texts"] as? [String] == texts)
      #expect((inner["number"] as? NSNumber)?.int64Value == number)
      #expect(object["flag"] as? Bool == (number < 0))
    }
  }

  @Test func `what a charge's detail says is read back to the same values`() throws {
    let grant = SigningGrant(
      principals: ["\u{0}", "a\"b", "\u{2028}", "\u{1F600}"], maxDuration: "15m",
      listsBudgets: true)
    let charge = try Charge(
      requestID: RequestID("1"), content: RequestContent(["x"]), username: Username("alice"),
      terms: [terms(), terms(sre)], origin: Origin(), grant: grant)
    let detail = try #require(EntryDetail(charge.sharedDetail.text))
    #expect(detail.request == charge.content.fingerprint && detail.parts == 2)
    #expect(detail.grant?.principals == grant.principals)
    #expect(detail.grant?.maxDuration == "15m" && detail.grant?.listsBudgets == true)
    var certified = JSONObjectText()
    let certificate = Certificate(
      serial: "18446744073709551615", keyID: "a\"\\\n", fingerprint: "SHA256:+/",
      validAfter: "2026-01-01T00:00:00Z", validBefore: nil)
    certified.put("certificate", certificate.detail)
    #expect(EntryDetail(certified.text)?.certificate == certificate)
  }

  @Test(arguments: [
    "", "[]", "null", "{", "{\"parts\":\"2\"}", "{\"request\":1}", "{\"grant\":{}}",
  ])
  func `what is no such object is not read`(text: String) {
    #expect(EntryDetail(text) == nil)
  }

  private func randomText(_ generator: inout SeededGenerator) -> String {
    let special: [Unicode.Scalar] = [
      "\"", "\\", "/", "\u{0}", "\u{8}", "\n", "\r", "\u{1F}", "\u{7F}", "\u{80}", "\u{2028}",
      "\u{301}", "\u{FEFF}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}", "{", "}", ",",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...20, using: &generator) {
      if generator.chance(50) {
        text.unicodeScalars.append(generator.pick(special))
      } else if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator)) {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
