import Foundation
import HTTPTypes
import NIOHTTP1
import Testing
import TrustBudget
import TrustBudgetServer
import TrustBudgetTesting

/// Who may call what: every route, with every kind of caller.
@Suite(.tokens)
struct AccessTests {
  /// A route, and the roles that may call it; nil: everybody.
  struct Rule: Sendable, CustomTestStringConvertible {
    let method: HTTPMethod
    let path: String
    let roles: Set<Role>?

    init(_ method: HTTPMethod, _ path: String, _ roles: Role...) {
      self.method = method
      self.path = path
      self.roles = Set(roles)
    }

    init(open path: String) {
      method = .GET
      self.path = path
      roles = nil
    }

    var testDescription: String { "\(method) \(path)" }
  }

  static let rules = [
    Rule(.POST, "/v1/authorizations", .issuer, .admin),
    Rule(.POST, "/v1/break-glass", .issuer, .admin),
    Rule(.GET, "/v1/break-glass", .auditor, .admin),
    Rule(.POST, "/v1/charges", .charger, .admin),
    Rule(.POST, "/v1/charges/batch", .charger, .admin),
    Rule(.GET, "/v1/charges/{request_id}", .issuer, .charger, .auditor, .admin),
    Rule(.POST, "/v1/charges/{request_id}/settlement", .issuer, .charger, .admin),
    Rule(.POST, "/v1/charges/{request_id}/refund", .issuer, .charger, .admin),
    Rule(.GET, "/v1/budgets", .auditor, .admin),
    Rule(.GET, "/v1/budgets/{budget_id}", .auditor, .admin),
    Rule(.GET, "/v1/budgets/{budget_id}/entries", .auditor, .admin),
    Rule(.POST, "/v1/budgets/{budget_id}/adjustments", .admin),
    Rule(.POST, "/v1/budgets/{budget_id}/resets", .admin),
    Rule(.GET, "/v1/policy", .auditor, .admin),
    Rule(open: "/healthz"), Rule(open: "/readyz"), Rule(open: "/metrics"),
    Rule(open: "/openapi.yaml"),
  ]

  enum Caller: String, CaseIterable {
    case nobody, wrong, expired, revoked, issuer, charger, auditor, admin
  }

  @Test(arguments: rules, Caller.allCases)
  func `each caller gets where its role leads, and no further`(rule: Rule, caller: Caller)
    async throws
  {
    let node = try Service.current.node
    let tokens = try ServiceTokens.current
    let role = Role(rawValue: caller.rawValue)
    let secret: TokenSecret? =
      switch caller {
      case .nobody: nil
      case .wrong: tokens.unknown
      case .expired: tokens.expired
      case .revoked: tokens.revoked
      default: try tokens.of(try #require(role))
      }
    // What reaches its route finds nothing to do there: the body is empty, and nothing has this name.
    let path = rule.path.replacing(#/\{[a-z_]+\}/#, with: "none")
    let reply = try await Reply.to(
      rule.method, node.url + path, body: rule.method == .POST ? Data("{}".utf8) : nil,
      headers: secret.map { ["authorization": "Bearer \($0.text)"] } ?? [:])
    guard let roles = rule.roles else {
      #expect(reply.status == 200)
      return
    }
    if let role, roles.contains(role) {
      #expect([200, 400, 404].contains(reply.status))
    } else if role != nil {
      #expect(reply.status == 403)
      #expect(reply.problem == "forbidden")
      #expect(Set(reply.json["roles"].list) == Set(roles.map { .text($0.rawValue) }))
      for name in roles { #expect(reply.json["detail"].text?.contains(name.rawValue) == true) }
    } else {
      #expect(reply.status == 401)
      #expect(reply.problem == "unauthenticated")
      #expect(reply.header("www-authenticate") == "Bearer")
    }
  }

  @Test func `the table has every route that there is`() async throws {
    let routes = try await ContractTests.routes(try Service.current)
    #expect(
      Set(routes.map { "\($0.method.rawValue) \($0.path)" })
        == Set(Self.rules.map { "\($0.method.rawValue) \($0.path)" }))
  }

  @Test func `HEAD needs what GET needs`() async throws {
    let node = try Service.current.node
    #expect(try await Reply.to(.HEAD, node.url + "/v1/budgets").status == 401)
    #expect(try await Reply.to(.HEAD, node.url + "/healthz").status == 200)
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "bearer tb_", "Basic dXNlcjpwYXNzd29yZA==", "TOKEN", "Bearer TOKENx",
    "Bearer x TOKEN", "Bearer TOKEN TOKEN", "Bearer TOKEN, Bearer TOKEN", "Basic TOKEN",
    "BearerTOKEN", "Bearer\u{a0}TOKEN", "Bearer \"TOKEN\"", "Bearer ' OR ''='", "Bearer \u{1F511}",
    "Bearer tb_ééééééééééééééééééééééééééééééééééééééééééé",
    "Bearer " + String(repeating: "tb_", count: 3_000),
  ])
  func `an Authorization header that is no token lets nobody in`(header: String) async throws {
    let value = header.replacing("TOKEN", with: try ServiceTokens.current.of(.admin).text)
    let answer = try await RawHTTP.exchange(
      """
      GET /v1/budgets HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: \(value)\r\n\r\n
      """, with: try Service.current.node)
    #expect(answer.hasPrefix("HTTP/1.1 401 ") || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
  }

  @Test func `two Authorization headers let nobody in, and the scheme's case does not matter`()
    async throws
  {
    let node = try Service.current.node
    let token = try ServiceTokens.current.of(.admin).text
    let one = "authorization: bEARER \(token)\r\n"
    for (headers, status) in [(one, "200"), (one + one, "401")] {
      let answer = try await RawHTTP.exchange(
        "GET /v1/policy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\(headers)\r\n", with: node)
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    }
  }

  @Test func `the caller is the actor of what it brings about`() async throws {
    let service = try Service.current
    let node = try service.node
    let tokens = try ServiceTokens.current
    let issuer = try tokens.of(.issuer)
    let admin = try tokens.of(.admin)
    let allowed = try await node.post(
      "/v1/authorizations", ["username": "dev-actor", "request_id": "actor"], with: issuer)
    #expect(allowed.status == 200)
    let certificate: JSON = ["serial": 1, "key_id": "a", "fingerprint": "SHA256:x"]
    #expect(
      try await node.post("/v1/charges/actor/settlement", certificate, with: issuer).status == 200)
    // Settled, it is the administrators' to give back.
    let refused = try await node.post("/v1/charges/actor/refund", [:], with: issuer)
    #expect(refused.problem == "already-settled")
    #expect(try await node.post("/v1/charges/actor/refund", [:], with: admin).status == 200)
    let adjustment: JSON = ["points": 5, "reason": "test"]
    #expect(
      try await node.post("/v1/budgets/user:dev-actor/adjustments", adjustment, with: admin).status
        == 200)
    let rows = try await service.database.query(
      """
      SELECT kind, actor FROM trust_budget.audit_entries
      WHERE budget_id = 'user:dev-actor' AND kind <> 'allocation' ORDER BY budget_seq
      """)
    #expect(
      rows == [
        ["charge", "issuer"], ["settlement", "issuer"], ["refund", "admin"],
        ["adjustment", "admin"],
      ])
  }
}
