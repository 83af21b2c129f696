import LibPQ
import TrustBudget

/// Reads the tokens that are not revoked, on a connection of its own: a busy ledger must not keep a
/// revoked token alive.
package struct TokenReader: Sendable {
  private let pool: PostgresPool
  private let patience: Duration

  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(connectionString: String, settings: LedgerSettings) throws {
    let sessions = LedgerSessions(connectionString: connectionString, settings: settings)
    self.pool = PostgresPool(
      try sessions.forTokens(), maximumConnections: 1, opening: SchemaOwner.checkExisting)
    self.patience = settings.patience
  }

  /// All that are not revoked, those that have expired as well.
  ///
  /// - Throws: `PostgresError` when they cannot be read, `SchemaProblem` where they must not be.
  package func tokens() async throws -> [APIToken] {
    try await read { try $0.execute(ReadGoodTokens()) }
  }

  /// The id of the ledger that they are of.
  ///
  /// - Throws: `PostgresError` when it cannot be read, `SchemaProblem` where it must not be.
  package func ledger() async throws -> String? {
    try await read { try $0.execute(ReadLedger()).first?.identity.id }
  }

  private func read<R: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> R
  ) async throws -> R {
    try await pool.withConnection(deadline: .now + patience) { try await $0.run(body) }
  }

  package func close() async {
    await pool.close()
  }
}

struct ReadGoodTokens: PostgresStatement {
  static let name: String? = "read_good_tokens"
  static let sql = """
    SELECT \(APIToken.columns) FROM trust_budget.api_tokens WHERE revoked_at IS NULL
    """

  static func decode(_ row: inout PostgresRow) throws -> APIToken {
    try APIToken(decoding: &row)
  }
}
