import Foundation
import NIOHTTP1
import Testing
import TrustBudgetTesting

/// Garbage in any field of any body is a 400 or a 413 that names the field; never a 500, and never a
/// charge.
@Suite(.service())
struct GarbageBodyTests {
  @Test(arguments: BodyField.all)
  func `garbage in a field is answered with the field's name`(field: BodyField) async throws {
    let service = try Service.current
    try await Self.prepare(service)
    for garbage in field.garbage {
      let body = field.body(with: garbage.json)
      let reply = try await service.node.post(field.call.path, raw: Data(body.utf8))
      #expect(
        reply.complains(of: field.name),
        "\(garbage.name): \(reply.status) \(String(decoding: reply.body, as: UTF8.self))")
    }
    try await Self.expectNothingHappened(service)
  }

  @Test(arguments: BodyField.all.filter(\.isRequired))
  func `a missing field is answered with its name`(field: BodyField) async throws {
    let service = try Service.current
    try await Self.prepare(service)
    for body in [field.body(with: "null"), field.bodyWithout()] {
      let reply = try await service.node.post(field.call.path, raw: Data(body.utf8))
      #expect(reply.complains(of: field.name), "\(reply.json)")
    }
    try await Self.expectNothingHappened(service)
  }

  @Test(arguments: BodyCall.all)
  func `a body that is no such request is refused`(call: BodyCall) async throws {
    let service = try Service.current
    try await Self.prepare(service)
    let valid = call.body(call.fields)
    let bodies: [(name: String, bytes: Data, field: String?)] = [
      ("empty", Data(), "body"), ("blank", Data("  \n".utf8), "body"),
      ("a list", Data("[]".utf8), "body"), ("text", Data(#""a""#.utf8), "body"),
      ("a number", Data("1".utf8), "body"), ("null", Data("null".utf8), "body"),
      ("a word", Data("garbage".utf8), "body"), ("a form", Data("username=alice".utf8), "body"),
      ("an open object", Data("{".utf8), "body"), ("two objects", Data("\(valid){}".utf8), nil),
      ("cut off", Data(valid.utf8.dropLast()), nil),
      ("not UTF-8", Data([0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D]), nil),
      ("UTF-16", valid.data(using: .utf16LittleEndian) ?? Data(), nil),
      ("NULs", Data(repeating: 0, count: 100), nil),
      ("an unknown field", Data("{\"dryrun\":true,\(valid.dropFirst())".utf8), "dryrun"),
      (
        "300 members",
        Data("{\((0..<300).map { "\"m\($0)\":1" }.joined(separator: ","))}".utf8), "body"
      ),
      (
        "a long name, and fractions in it",
        Data(
          "{\"\(String(repeating: "n", count: 50_000))\":{\((0..<200).map { "\"\($0)\":1.5" }.joined(separator: ","))}}"
            .utf8), String(repeating: "n", count: 64)
      ),
      ("1 MB of blanks", Data(repeating: 0x20, count: 5 << 20), nil),
      ("brackets", Data(repeating: UInt8(ascii: "["), count: 60_000), "body"),
    ]
    for (name, bytes, field) in bodies {
      let reply = try await service.node.post(call.path, raw: bytes)
      let answer = String(decoding: reply.body, as: UTF8.self)
      #expect([400, 413].contains(reply.status), "\(name): \(reply.status) \(answer)")
      #expect(reply.problem != nil, "\(name): \(answer)")
      if let field { #expect(reply.complains(of: field), "\(name): \(answer)") }
    }
    try await Self.expectNothingHappened(service)
  }

  @Test(arguments: BodyCall.all)
  func `a body in a content coding is refused, with what to do`(call: BodyCall) async throws {
    let service = try Service.current
    try await Self.prepare(service)
    let body = Data(call.body(call.fields).utf8)
    for coding in ["gzip", "identity, br", "x\u{FC}"] {
      let reply = try await Reply.to(
        .POST, service.node.url + call.path, body: body, headers: ["content-encoding": coding])
      #expect(reply.status == 415)
      #expect(reply.problem == "unsupported-content-coding")
      #expect(reply.header("accept-encoding") == "identity")
    }
    try await Self.expectNothingHappened(service)
  }

  @Test func `the coding that is none is taken`() async throws {
    let reply = try await Reply.to(
      .POST, Service.current.node.url + "/v1/authorizations",
      body: Data(#"{"username":"dev-a","dry_run":true}"#.utf8),
      headers: ["content-encoding": "Identity"])
    #expect(reply.status == 200)
  }

  @Test(arguments: BodyField.all.filter { $0.name != "charges" })
  func `a field that is there twice is refused`(field: BodyField) async throws {
    let service = try Service.current
    try await Self.prepare(service)
    let value = field.validJSON
    let escaped = #"\u00"# + String(field.key.utf8.first ?? 0, radix: 16) + field.key.dropFirst()
    for name in [field.key, escaped] {
      let body = field.body(with: #"\#(value),"\#(name)":\#(value)"#)
      let reply = try await service.node.post(field.call.path, raw: Data(body.utf8))
      #expect(reply.complains(of: field.name), "\(name): \(reply.json)")
    }
    try await Self.expectNothingHappened(service)
  }

  @Test func `all mistakes of a request are named at once`() async throws {
    let reply = try await Service.current.node.post(
      "/v1/charges", ["cost": -1, "budget_id": 7, "colour": "red"])
    #expect(reply.status == 400)
    #expect(reply.badFields == ["username", "budget_id", "cost", "colour"])
  }

  @Test(arguments: [BodyCall.authorization, .charge, .charges])
  func `a charge is not named as a path that is taken`(call: BodyCall) async throws {
    let fields = call.fields.map { ($0.key, $0.key == "request_id" ? #""batch""# : $0.json) }
    let reply = try await Service.current.node.post(call.path, raw: Data(call.body(fields).utf8))
    #expect(reply.status == 400)
    #expect(reply.badFields.map { $0.hasSuffix("request_id") } == [true], "\(reply.json)")
  }

  /// What garbage would be charged to, settled or adjusted if it got through.
  private static func prepare(_ service: Service) async throws {
    let reply = try await service.node.post(
      "/v1/charges", ["request_id": "victim", "username": "u", "budget_id": "victim"])
    #expect(reply.status == 200)
  }

  private static func expectNothingHappened(_ service: Service) async throws {
    #expect(try await service.database.entryCounts() == ["allocation": 1, "charge": 1])
  }
}

extension Reply {
  /// Where the JSON itself is broken, a field around the place or in it will do.
  fileprivate func complains(of field: String) -> Bool {
    let names =
      switch (status, problem) {
      case (400, "invalid-request"): badFields
      case (413, "payload-too-large"): [json["field"].text ?? ""]
      default: [String]()
      }
    return names.contains { name in
      name == field || field.hasPrefix(name + "[") || name.hasPrefix(field + "[")
        || name.hasPrefix(field + ".")
    }
  }
}
