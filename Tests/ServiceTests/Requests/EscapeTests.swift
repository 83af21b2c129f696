import Foundation
import Testing

/// Escapes in the text of bodies.
@Suite(.service())
struct EscapeTests {
  @Test func `names and text may be written with escapes`() async throws {
    let body =
      #"{"\u0075sername":"u","budget_id":"\u0061\u00E9\/\"\\\ud801\udc00","\u0063\u006fst":2}"#
    let reply = try await Service.current.node.post("/v1/charges", raw: Data(body.utf8))
    #expect(reply.status == 200, "\(reply.json)")
    #expect(reply.json["trust_budget"]["budget_id"] == #"aé/"\𐐀"#)
    #expect(reply.json["trust_budget"]["cost"] == 2)
  }

  @Test(arguments: [
    #"\x"#, #"\0"#, #"\'"#, #"\U0041"#, #"\u004"#, #"\u004g"#, #"\u+041"#, #"\u00é1"#, #"\ud83d"#,
    #"\ude00"#, #"\ud83d\ud83d"#, #"\ud83d\u0041"#, #"\ud83d\n"#, #"\ud83d/ude00"#,
  ])
  func `an escape that stands for nothing is refused, in names and in text`(
    escape: String
  ) async throws {
    let node = try Service.current.node
    for (member, field) in [
      (#""username":"\#(escape)""#, "username"), (#""\#(escape)":1"#, "body"),
    ] {
      let reply = try await node.post(
        "/v1/charges", raw: Data(#"{"budget_id":"a",\#(member),"cost":1}"#.utf8))
      #expect(reply.problem == "invalid-request", "\(member)")
      #expect(reply.badFields == [field], "\(member): \(reply.json)")
    }
  }
}
