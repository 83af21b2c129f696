import BudgetLedger
import NIOHTTP1
import Testing
import TrustBudget
import TrustBudgetTesting

/// The tokens of a service that asks for them.
struct ServiceTokens: Sendable {
  /// One token a role, each of which is also its caller's name.
  private(set) var roles: [Role: TokenSecret] = [:]
  let expired: TokenSecret
  let revoked: TokenSecret
  /// Looks like a token, and is nobody's.
  let unknown = TokenSecret.random()

  /// Makes them; nodes that run already know them as they are within some seconds.
  init(in database: TestDatabase) async throws {
    let all = Set(Role.allCases)
    for role in Role.allCases {
      roles[role] = try await database.token(role.rawValue, roles: [role])
    }
    expired = try await database.token("expired", roles: all)
    revoked = try await database.token("revoked", roles: all)
    try await database.query(
      "UPDATE trust_budget.api_tokens SET expires_at = now() - interval '1 s' WHERE name = 'expired'"
    )
    _ = try await TokenStore(connectionString: database.connectionString).revoke(name: "revoked")
  }

  /// Of a caller with this role.
  func of(_ role: Role) throws -> TokenSecret { try #require(roles[role]) }

  var all: [TokenSecret] { roles.values + [expired, revoked, unknown] }
}

extension TestDatabase {
  /// Makes a token.
  func token(_ name: String, roles: Set<Role>) async throws -> TokenSecret {
    let secret = TokenSecret.random()
    let token = try await TokenStore(connectionString: connectionString).create(
      name: name, roles: roles, secret: secret, lifetime: nil)
    try #require(token?.name == name)
    return secret
  }
}

/// One service that asks for tokens, for all tests of a suite.
struct TokenScope: SuiteTrait, TestScoping {
  @TaskLocal static var tokens: ServiceTokens?

  func provideScope(
    for test: Test, testCase: Test.Case?, performing tests: @Sendable () async throws -> Void
  ) async throws {
    try await Service.with(nodes: 2, auth: "token") { service in
      let tokens = try await ServiceTokens(in: service.database)
      for node in service.nodes {
        // As they are in the end: a node may have read them between their making and their end.
        try await wait(for: "the tokens to be known") {
          let good = try await node.get("/v1/budgets", with: try tokens.of(.admin)).status
          let expired = try await node.get("/v1/budgets", with: tokens.expired).status
          let revoked = try await node.get("/v1/budgets", with: tokens.revoked).status
          return good == 200 && expired == 401 && revoked == 401
        }
      }
      try await ServiceScope.$service.withValue(service) {
        try await TokenScope.$tokens.withValue(tokens) { try await tests() }
      }
      for node in service.nodes {
        #expect(!tokens.all.contains { node.program.errors.contains($0.text.dropFirst(3)) })
      }
    }
  }
}

extension Trait where Self == TokenScope {
  /// Two nodes that ask for tokens.
  static var tokens: Self { TokenScope() }
}

extension ServiceTokens {
  /// Those of the suite that the running test belongs to.
  static var current: ServiceTokens {
    get throws { try #require(TokenScope.tokens, "the suite has no tokens") }
  }
}

extension Reachable {
  func get(_ path: String, with secret: TokenSecret) async throws -> Reply {
    try await .to(.GET, url + path, headers: ["authorization": "Bearer \(secret.text)"])
  }

  func post(_ path: String, _ body: JSON, with secret: TokenSecret) async throws -> Reply {
    try await .to(
      .POST, url + path, body: try body.data, headers: ["authorization": "Bearer \(secret.text)"])
  }
}
