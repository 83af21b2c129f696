import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

/// The private PostgreSQL of this test process.
package actor TestCluster {
  package static let shared = TestCluster()

  private var server: Task<PrivatePostgres, any Error>?
  private var migrated: Task<String, any Error>?

  /// Settings that make a throw-away server quick: what it holds need not survive a power cut.
  package static let settings = [
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "max_connections": "1000",
  ]

  package func connectionString(database: String) async throws -> String {
    try await running().connectionString(database: database)
  }

  /// Runs a statement in the database `postgres`.
  package func administer(_ sql: String) async throws {
    try await PostgresConnection.with(
      try PostgresConfiguration(try await running().connectionString)
    ) { try await $0.execute(sql) }
  }

  /// The name of a database that every migration was applied to once.
  func template() async throws -> String {
    if let migrated { return try await migrated.value }
    let task = Task {
      let name = "migrated_template"
      try await administer("CREATE DATABASE \(name) TEMPLATE template0")
      _ = try await MigrationRunner(
        connectionString: try await connectionString(database: name)
      ).up()
      return name
    }
    migrated = task
    return try await task.value
  }

  private func running() async throws -> PrivatePostgres {
    if let server { return try await server.value }
    let task = Task {
      try await PrivatePostgres.start(
        directory: FileManager.default.temporaryDirectory
          .appending(path: "trust-budget-tests-\(UUID().uuidString.prefix(8))"),
        settings: TestCluster.settings, ephemeral: true)
    }
    server = task
    return try await task.value
  }
}
