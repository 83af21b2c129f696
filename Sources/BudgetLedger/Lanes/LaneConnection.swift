import LibPQ
import Logging
import TrustBudget

/// The session that a lane decides on: opened when it is needed, thrown away when it breaks.
actor LaneConnection {
  /// An open session, and the ledger that it was found to lead to.
  struct Open: Sendable {
    let connection: PostgresConnection
    let ledger: LedgerIdentity
  }

  private let configuration: PostgresConfiguration
  private let logger: Logger
  private var open: Open?

  init(configuration: PostgresConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  /// The session in use, or a new one.
  ///
  /// - Throws: `PostgresError`, or `SchemaProblem` when what is there is not our schema.
  func session() async throws -> Open {
    if let open, open.connection.isUsable { return open }
    open = nil
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let ledger = try await connection.run { try SchemaCheck.ledgerIdentity(on: $0) }
      let session = Open(connection: connection, ledger: ledger)
      open = session
      return session
    } catch {
      await connection.close()
      throw error
    }
  }

  func discard() async {
    let connection = open?.connection
    open = nil
    await connection?.close()
  }
}
