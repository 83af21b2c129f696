import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

extension TestDatabase {
  /// Lends a migrated, otherwise empty ledger on a PostgreSQL of its own, which may be killed and
  /// started again without losing what was committed.
  package static func withOwnServer<R>(
    _ body: (TestDatabase, PrivatePostgres) async throws -> R
  ) async throws -> R {
    try await Gate.databases.pass {
      let server = try await PrivatePostgres.start(
        directory: FileManager.default.temporaryDirectory
          .appending(path: "trust-budget-server-\(UUID().uuidString.prefix(8))"),
        // What a process wrote survives the process; only the machine must not lose power.
        settings: ["fsync": "off", "full_page_writes": "off", "max_connections": "200"],
        ephemeral: true)
      return try await doing {
        let database = TestDatabase(
          name: "postgres", connectionString: server.connectionString(database: "postgres"))
        _ = try await MigrationRunner(connectionString: database.connectionString).up()
        return try await body(database, server)
      } finally: {
        await server.stop()
      }
    }
  }
}
