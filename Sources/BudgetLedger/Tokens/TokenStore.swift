import LibPQ
import TrustBudget

/// Makes, lists and revokes tokens, for a role that may write them: the ledger's owner.
package struct TokenStore: Sendable {
  private let connectionString: String

  package init(connectionString: String) {
    self.connectionString = connectionString
  }

  /// Makes a token.
  ///
  /// - Parameters:
  ///   - name: the caller's name; no token ever had it.
  ///   - lifetime: how long it is good; nil: until it is revoked.
  /// - Returns: nil when the name was given before.
  /// - Throws: `SchemaProblem`; `PostgresError` or `UnconfirmedCommit`, as every call here does.
  package func create(
    name: String, roles: Set<Role>, secret: TokenSecret, lifetime: Duration?
  ) async throws -> APIToken? {
    let statement = CreateToken(
      tokenName: name, roles: roles.map(\.rawValue).sorted(), digest: secret.digest,
      seconds: lifetime?.components.seconds)
    return try await run { session in
      // To end one, or to look, never depends on the program's age.
      try SchemaCheck.embedded.checkVersion(on: session)
      // Its COMMIT may wait for a standby. A secret that nobody was shown would be good all the same.
      session.liftResponseTimeout()
      return try session.execute(statement).first
    }
  }

  /// Every token there ever was, in the order in which they were made.
  package func all() async throws -> [APIToken] {
    try await run { try $0.execute(ReadAllTokens()) }
  }

  /// Ends a token; one that is revoked stays as it is.
  ///
  /// - Returns: nil when there is none of that name.
  package func revoke(name: String) async throws -> APIToken? {
    try await run { session in
      session.liftResponseTimeout()
      return try session.execute(RevokeToken(tokenName: name)).first
    }
  }

  private func run<R: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    var configuration = try PostgresConfiguration(command: "token", connectionString)
    configuration.requirePrimary()
    return try await PostgresConnection.with(configuration) { connection in
      try await connection.run(onTaskCancellation: .ignore) { session in
        try SchemaOwner.check(on: session)
        let result = try body(session)
        try session.checkCommit()
        return result
      }
    }
  }
}

struct CreateToken: PostgresStatement {
  static let sql = """
    INSERT INTO trust_budget.api_tokens (name, roles, hash, expires_at)
    VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
    ON CONFLICT (name) DO NOTHING
    RETURNING \(APIToken.columns)
    """
  static let parameterTypes: [PostgresType] = [.text, .textArray, .bytea, .int8]

  let tokenName: String
  let roles: [String]
  let digest: Digest
  let seconds: Int64?

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(tokenName)
    parameters.append(roles)
    parameters.append(digest)
    parameters.append(seconds)
  }

  static func decode(_ row: inout PostgresRow) throws -> APIToken {
    try APIToken(decoding: &row)
  }
}

struct ReadAllTokens: PostgresStatement {
  static let sql = "SELECT \(APIToken.columns) FROM trust_budget.api_tokens ORDER BY token_id"

  static func decode(_ row: inout PostgresRow) throws -> APIToken {
    try APIToken(decoding: &row)
  }
}

struct RevokeToken: PostgresStatement {
  static let sql = """
    UPDATE trust_budget.api_tokens SET revoked_at = coalesce(revoked_at, clock_timestamp())
    WHERE name = $1
    RETURNING \(APIToken.columns)
    """
  static let parameterTypes: [PostgresType] = [.text]

  let tokenName: String

  func bind(_ parameters: inout PostgresParameters) { parameters.append(tokenName) }

  static func decode(_ row: inout PostgresRow) throws -> APIToken {
    try APIToken(decoding: &row)
  }
}
