import AuditMirror
import BreakGlass
import BudgetLedger
import Foundation
import HTTPTypes
import Logging
import NIOHTTP1
import PrometheusExposition
import Testing
import TrustBudget
import TrustBudgetServer
import TrustBudgetTesting

/// `openapi.yaml` says what the service does: each route, and what it really answers.
struct ContractTests {
  private static let contract = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../openapi.yaml").standardized.path(
      percentEncoded: false)
  private static let checker = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "check_contract.py").path(percentEncoded: false)

  @Test func `the node serves the contract that it was built with`() async throws {
    try await Service.with { service in
      let reply = try await service.node.get("/openapi.yaml")
      #expect(reply.header("content-type") == "application/yaml")
      let file = try String(contentsOfFile: Self.contract, encoding: .utf8)
      // The build adds one line break at the end of what it embeds.
      #expect(String(decoding: reply.body, as: UTF8.self).trimmed == file.trimmed)
    }
  }

  @Test(.enabled(if: Tool.isThere("python3"), "needs Python, with jsonschema and yaml"))
  func `routes, examples and real answers are as the contract has them`() async throws {
    let policy =
      SamplePolicy.text + "\nbreak_glass:\n  principals: [\"root\"]\n  max_duration: \"60s\"\n"
    try await Service.with(policy: policy) { service in
      let recorder = Recorder(node: try service.node)
      try await recordEverything(recorder)
      try await recordRefusals(recorder, by: service)
      let routes = try await Self.routes(service).map { "\($0.method.rawValue) \($0.path)" }
      let directory = service.directory
      try directory.write(routes.joined(separator: "\n") + "\n", to: "routes")
      try directory.write(try recorder.text, to: "exchanges")
      let said = try await tool(
        "python3", "-B", Self.checker, Self.contract, directory.file("routes"),
        directory.file("exchanges"))
      #expect(said == "")
    }
  }

  /// The routes of a server that never runs.
  static func routes(_ service: Service) async throws -> [Route] {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    return TrustBudgetServer(
      name: "routes", entrance: Entrance(addresses: []),
      ledger: try BudgetLedger(
        connectionString: service.database.connectionString,
        settings: LedgerSettings(node: "routes"), logger: logger),
      policies: try await PolicyStore(
        path: service.directory.file(Service.policyFile), now: { Timestamp(microseconds: 0) },
        logger: logger),
      authenticator: NoAuthentication(),
      mirror: try AuditMirror(
        connectionString: service.database.connectionString,
        settings: AuditMirrorSettings(
          node: "routes", path: service.directory.file("routes-mirror.db"),
          now: { Timestamp(microseconds: 0) }),
        logger: logger
      ).health,
      breakGlass: try BreakGlass(
        node: "routes", journal: service.directory.file("routes.db"),
        connectionString: service.database.connectionString,
        now: { Timestamp(microseconds: 0) }, logger: logger),
      metrics: PrometheusRegistry(describing: []), departure: Departure(delay: .zero),
      now: { Timestamp(microseconds: 0) }, logger: logger
    ).routes
  }

  /// Each operation, by nobody, and by callers that may not call it.
  private func recordRefusals(_ recorder: Recorder, by service: Service) async throws {
    let auditor = try await service.database.token("auditor", roles: [.auditor])
    let issuer = try await service.database.token("issuer", roles: [.issuer])
    try await RunningNode.with(
      "guarded", on: service.database.connectionString,
      policy: service.directory.file(Service.policyFile), auth: "token"
    ) { node in
      for rule in AccessTests.rules {
        guard let roles = rule.roles else { continue }
        let path = rule.path.replacing(#/\{[a-z_]+\}/#, with: "none")
        for secret in [nil, roles.contains(.issuer) ? nil : issuer, auditor] {
          try await recorder.refuse(rule.method, path, with: secret, by: node)
        }
      }
    }
  }

  /// Each operation, well and badly.
  private func recordEverything(_ node: Recorder) async throws {
    for path in [
      "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/v1/policy", "/v1/budgets",
      "/v1/budgets?limit=0", "/v1/budgets?status=low", "/v1/budgets?other=1", "/v1/charges/none",
      "/v1/charges/%00", "/v1/budgets/none", "/v1/budgets/none/entries", "/v1/budgets/%ff",
    ] { try await node.get(path) }
    try await authorizations(node)
    try await charges(node)
    try await administration(node)
    try await breakGlass(node)
  }

  private func breakGlass(_ node: Recorder) async throws {
    let path = "/v1/break-glass"
    try await node.post(path, ["request_id": "e1", "username": "a", "reason": "fire"])
    try await node.post(path, ["request_id": "e1", "username": "a", "reason": "fire"])
    try await node.post(path, ["request_id": "e1", "username": "b", "reason": "fire"])
    try await node.post(path, ["username": "a", "reason": "x", "requested_duration": "9h"])
    try await node.post(path, ["username": "a"], isValid: false)
    for path in [path, path + "?limit=1", path + "?cursor=x"] { try await node.get(path) }
  }

  private func authorizations(_ node: Recorder) async throws {
    let path = "/v1/authorizations"
    for name in ["dev-a", "free-a", "watched-a", "watched-a", "nobody", "mail-a"] {
      try await node.post(path, ["username": .text(name)])
    }
    for number in 0..<4 {
      try await node.post(
        path,
        [
          "username": "dev-b", "request_id": "b\(number)", "email": .null,
          "source_ip": "10.0.0.1", "requested_duration": "5m",
        ])
    }
    try await node.post(path, ["username": "dev-b", "request_id": "b1"])
    try await node.post(path, ["username": "x", "oidc_groups": ["sre"], "dry_run": true])
    try await node.post(path, ["username": "x", "oidc_groups": ["sre"]])
    try await node.post(path, ["username": "dev-c", "requested_duration": "9h"])
    try await node.post(path, ["user": "x"], isValid: false)
    try await node.post(
      path, ["username": .text(String(repeating: "x", count: 70_000))], isValid: false)
  }

  private func charges(_ node: Recorder) async throws {
    let charge: JSON = ["request_id": "c1", "username": "a", "budget_id": "a", "cost": 2]
    try await node.post("/v1/charges", charge)
    try await node.post("/v1/charges", charge)
    try await node.post("/v1/charges", ["request_id": "c1", "username": "b", "budget_id": "a"])
    try await node.post("/v1/charges", ["username": "a", "budget_id": "a", "cost": 200])
    try await node.post(
      "/v1/charges",
      [
        "request_id": "c2", "username": "a", "budget_id": "b", "cost": 0, "initial_balance": 1,
        "reset_interval_hours": 0.5,
      ])
    try await node.post(
      "/v1/charges", ["username": "a", "budget_id": "", "cost": -1], isValid: false)
    try await node.post(
      "/v1/charges/batch", ["charges": [charge, ["username": "a", "budget_id": "a", "cost": 200]]])
    try await node.post("/v1/charges/batch", ["charges": []], isValid: false)
    let certificate: JSON = ["serial": 1, "key_id": "a", "fingerprint": "SHA256:x"]
    try await node.post("/v1/charges/c1/settlement", certificate)
    try await node.post(
      "/v1/charges/c1/settlement", ["serial": "2", "key_id": "a", "fingerprint": "SHA256:x"])
    try await node.post("/v1/charges/c1/settlement", [:], isValid: false)
    try await node.post("/v1/charges/none/settlement", certificate)
    try await node.post("/v1/charges/c1/refund", ["reason": "none"])
    try await node.post("/v1/charges/c2/refund", ["reason": "not signed"])
    try await node.post("/v1/charges/c2/refund", [:])
    try await node.post("/v1/charges/none/refund", [:])
    try await node.post("/v1/charges/c2/refund", ["reason": 7], isValid: false)
    for path in ["c1", "c2"] { try await node.get("/v1/charges/\(path)") }
  }

  private func administration(_ node: Recorder) async throws {
    let adjustment: JSON = ["request_id": "j1", "points": -5, "reason": "test"]
    try await node.post("/v1/budgets/a/adjustments", adjustment)
    try await node.post("/v1/budgets/a/adjustments", adjustment)
    try await node.post(
      "/v1/budgets/a/adjustments", ["request_id": "j1", "points": 5, "reason": "test"])
    try await node.post("/v1/budgets/none/adjustments", ["points": 5, "reason": "test"])
    try await node.post(
      "/v1/budgets/a/adjustments", ["points": 0, "reason": "test"], isValid: false)
    try await node.post("/v1/budgets/a/resets", ["request_id": "s1", "reason": "test"])
    try await node.post("/v1/budgets/a/resets", ["request_id": "j1", "reason": "test"])
    try await node.post("/v1/budgets/none/resets", ["reason": "test"])
    try await node.post("/v1/budgets/a/resets", ["reason": ""], isValid: false)
    for path in ["a", "a/entries", "a/entries?limit=1", "a/entries?cursor=x", "b/entries"] {
      try await node.get("/v1/budgets/\(path)")
    }
    try await node.get("/v1/budgets?limit=1&prefix=a")
  }
}

/// Remembers what was asked, and what was answered.
private final class Recorder {
  private let node: RunningNode
  private var exchanges: [JSON] = []

  init(node: RunningNode) {
    self.node = node
  }

  func get(_ path: String) async throws {
    note("GET", path, request: nil, isValid: true, try await node.get(path))
  }

  func post(_ path: String, _ body: JSON, isValid: Bool = true) async throws {
    note("POST", path, request: body, isValid: isValid, try await node.post(path, body))
  }

  /// - Parameter node: another one, which asks for tokens.
  func refuse(
    _ method: HTTPMethod, _ path: String, with secret: TokenSecret?, by node: RunningNode
  ) async throws {
    let reply = try await Reply.to(
      method, node.url + path,
      headers: secret.map { ["authorization": "Bearer \($0.text)"] } ?? [:])
    note(method.rawValue, path, request: nil, isValid: true, reply)
  }

  private func note(_ method: String, _ path: String, request: JSON?, isValid: Bool, _ reply: Reply)
  {
    let text = request.flatMap { try? $0.data }.map { String(decoding: $0, as: UTF8.self) }
    exchanges.append([
      "method": .text(method), "path": .text(path), "status": JSON(reply.status),
      "type": .text(reply.header("content-type") ?? ""),
      "body": .text(String(decoding: reply.body, as: UTF8.self)),
      "request": text.map { .text($0) } ?? .null, "isValid": .bool(isValid),
    ])
  }

  var text: String {
    get throws {
      try exchanges.map { String(decoding: try $0.data, as: UTF8.self) + "\n" }.joined()
    }
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
