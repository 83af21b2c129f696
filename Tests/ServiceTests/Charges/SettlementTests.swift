import Foundation
import Testing
import TrustBudgetTesting

/// What becomes of a charge: the certificate exists, or the points go back.
@Suite(.service(nodes: 2))
struct SettlementTests {
  private let certificate: JSON = [
    "serial": 42, "key_id": "alice", "fingerprint": "SHA256:abc",
    "valid_after": "2026-01-01T00:00:00Z", "valid_before": "2026-01-01T00:15:00Z",
  ]

  private func charge(_ id: String, _ service: Service) async throws {
    let reply = try await service.node.authorize("rich-\(id)", ["request_id": .text(id)])
    #expect(reply.status == 200)
  }

  @Test func `settling tells of the certificate, and settling again changes nothing`() async throws
  {
    let service = try Service.current
    try await charge("s1", service)
    let first = try await service.nodes[0].post("/v1/charges/s1/settlement", certificate)
    #expect(first.status == 200)
    #expect(first.json["state"] == "settled")
    #expect(first.json["certificate"]["serial"] == "42")
    #expect(first.json["settled_at"].text != nil)

    let again = try await service.nodes[1].post("/v1/charges/s1/settlement", certificate)
    #expect(again.json["replayed"] == true)
    #expect(again.json.without("replayed") == first.json)
    #expect(try await service.nodes[1].get("/v1/charges/s1").json == first.json)
    #expect(
      try await service.entries(of: "user:rich-s1")
        == ["allocation": 1, "charge": 1, "settlement": 1])
  }

  @Test func `a certificate's validity is read with and without fractions of a second`()
    async throws
  {
    let service = try Service.current
    try await charge("s1-ms", service)
    let settled = try await service.node.post(
      "/v1/charges/s1-ms/settlement",
      [
        "serial": 1, "key_id": "k", "fingerprint": "f", "valid_after": "2026-01-01T00:00:00.000Z",
        "valid_before": "2026-01-01T00:15:00.5Z",
      ])
    #expect(settled.json["certificate"]["valid_after"] == "2026-01-01T00:00:00Z")
    #expect(settled.json["certificate"]["valid_before"] == "2026-01-01T00:15:00.500000Z")
  }

  @Test func `another certificate for a settled charge is refused`() async throws {
    let service = try Service.current
    try await charge("s2", service)
    _ = try await service.node.post("/v1/charges/s2/settlement", certificate)
    let other = try await service.node.post(
      "/v1/charges/s2/settlement", ["serial": 43, "key_id": "alice", "fingerprint": "SHA256:abc"])
    #expect(other.status == 409)
    #expect(other.problem == "already-settled")
    let detail = #"settled with the certificate 42 of the key SHA256:abc, key id "alice", and pays"#
    #expect(other.json["detail"].text?.contains(detail) == true, "\(other.json)")
  }

  @Test func `who settles a charge otherwise is told what is different`() async throws {
    let service = try Service.current
    try await charge("s3", service)
    _ = try await service.node.post("/v1/charges/s3/settlement", certificate)
    let differences: [(JSON, String)] = [
      (certificate.without("valid_after").without("valid_before"), "valid_after, valid_before"),
      (certificate.without("valid_before"), "valid_before"),
      (
        ["serial": 43, "key_id": "k", "fingerprint": "f"],
        "serial, key_id, fingerprint, valid_after, valid_before"
      ),
    ]
    for (other, difference) in differences {
      let reply = try await service.node.post("/v1/charges/s3/settlement", other)
      #expect(reply.status == 409)
      let sentence = "What was sent now differs from it in \(difference)."
      #expect(reply.json["detail"].text?.contains(sentence) == true, "\(reply.json)")
    }
    let refund = try await service.node.post("/v1/charges/s3/refund", [:])
    #expect(refund.json["detail"].text?.contains("differs") == false, "\(refund.json)")
  }

  @Test(arguments: ["18446744073709551615", "0"])
  func `a serial number has all of its 64 bits, as text and as a number`(serial: String)
    async throws
  {
    let service = try Service.current
    let id = "serial-\(serial)"
    try await charge(id, service)
    let body: JSON = ["serial": .text(serial), "key_id": "k", "fingerprint": "SHA256:f"]
    let settled = try await service.node.post("/v1/charges/\(id)/settlement", body)
    #expect(settled.json["certificate"]["serial"] == .text(serial))
    let raw = #"{"serial":\#(serial),"key_id":"k","fingerprint":"SHA256:f"}"#
    let again = try await service.node.post(
      "/v1/charges/\(id)/settlement", raw: Data(raw.utf8))
    #expect(again.json["replayed"] == true)
  }

  @Test func `a refund gives the points back once`() async throws {
    let service = try Service.current
    try await charge("r1", service)
    let path = "/v1/charges/r1/refund"
    let first = try await service.nodes[0].post(path, ["reason": "signing failed"])
    #expect(first.status == 200)
    #expect(first.json["state"] == "refunded")
    let again = try await service.nodes[1].post(path, [:])
    #expect(again.json["replayed"] == true)
    #expect(try await service.node.get("/v1/budgets/user:rich-r1").json["spent"] == 0)
    #expect(
      try await service.entries(of: "user:rich-r1") == ["allocation": 1, "charge": 1, "refund": 1])
  }

  @Test func `the id of a refunded charge pays for nothing any more`() async throws {
    let service = try Service.current
    try await charge("r2", service)
    _ = try await service.node.post("/v1/charges/r2/refund", [:])
    let replies = [
      try await service.node.authorize("rich-r2", ["request_id": "r2"]),
      try await service.node.post("/v1/charges/r2/settlement", certificate),
    ]
    for reply in replies {
      #expect(reply.status == 409)
      #expect(reply.problem == "already-refunded")
    }
  }

  @Test func `a settled charge is not refunded`() async throws {
    let service = try Service.current
    try await charge("r3", service)
    _ = try await service.node.post("/v1/charges/r3/settlement", certificate)
    let reply = try await service.node.post("/v1/charges/r3/refund", [:])
    #expect(reply.status == 409)
    #expect(reply.problem == "already-settled")
    #expect(try await service.node.get("/v1/budgets/user:rich-r3").json["spent"] == 1)
  }

  @Test func `a charge that never was can be neither settled nor refunded`() async throws {
    let node = try Service.current.node
    let replies = [
      try await node.post("/v1/charges/never/settlement", certificate),
      try await node.post("/v1/charges/never/refund", [:]),
      try await node.get("/v1/charges/never"),
    ]
    for reply in replies {
      #expect(reply.status == 404)
      #expect(reply.problem == "not-found")
      #expect(reply.json["detail"].text?.contains("Check the id") == true, "\(reply.json)")
    }
  }

  @Test func `settlement and refund at once: one of them wins`() async throws {
    let service = try Service.current
    let certificate = certificate
    for round in 1...5 {
      let id = "race-\(round)"
      try await charge(id, service)
      let replies = try await concurrently(2) { number in
        number == 0
          ? try await service.nodes[0].post("/v1/charges/\(id)/settlement", certificate)
          : try await service.nodes[1].post("/v1/charges/\(id)/refund", [:])
      }
      #expect(Set(replies.map(\.status)) == [200, 409])
    }
  }

  @Test func `every budget of a charge is refunded`() async throws {
    let service = try Service.current
    _ = try await service.node.authorize(
      "carl", ["request_id": "r4", "oidc_groups": ["sre"]])
    _ = try await service.node.post("/v1/charges/r4/refund", [:])
    for (budget, balance) in [("user:carl", 3), ("group:sre:carl", 4)] {
      #expect(
        try await service.node.get("/v1/budgets/\(budget)").json["balance"] == JSON(balance))
      #expect(
        try await service.entries(of: budget) == ["allocation": 1, "charge": 1, "refund": 1])
    }
  }
}
