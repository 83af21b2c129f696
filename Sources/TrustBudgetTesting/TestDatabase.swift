import BudgetLedger
import Foundation
import LibPQ
import PrivatePostgres

/// A database of its own for one test, on a private PostgreSQL that all tests of the process share.
///
/// The server's life is tied to the process: when the tests end, or are killed, it is gone, and its
/// directory with it.
package struct TestDatabase: Sendable {
  package let connectionString: String

  /// Lends a migrated, otherwise empty database, and drops it afterwards.
  package static func withLedger<R>(_ body: (TestDatabase) async throws -> R) async throws -> R {
    try await with(template: try await TestCluster.shared.template(), body)
  }

  /// Lends an empty database without a schema, and drops it afterwards.
  package static func withEmptyDatabase<R>(
    _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    try await with(template: "template0", body)
  }

  /// Runs a statement and gives its rows as text.
  @discardableResult
  package func query(_ sql: String) async throws -> [[String?]] {
    let connection = try await PostgresConnection.connect(
      try PostgresConfiguration(connectionString))
    let rows = try await connection.run { try $0.query(sql).rows }
    await connection.close()
    return rows
  }

  private static func with<R>(
    template: String, _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
    let cluster = TestCluster.shared
    try await cluster.administer("CREATE DATABASE \(name) TEMPLATE \(template)")
    let database = TestDatabase(
      connectionString: try await cluster.connectionString(database: name))
    do {
      let result = try await body(database)
      try await cluster.administer("DROP DATABASE \(name) WITH (FORCE)")
      return result
    } catch {
      try? await cluster.administer("DROP DATABASE \(name) WITH (FORCE)")
      throw error
    }
  }
}

/// The private PostgreSQL of this test process.
package actor TestCluster {
  package static let shared = TestCluster()

  private var server: Task<PrivatePostgres, any Error>?
  private var migrated: Task<String, any Error>?

  /// Settings that make a throw-away server quick: what it holds need not survive a power cut.
  package static let settings = [
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "max_connections": "300",
  ]

  package func connectionString(database: String) async throws -> String {
    try await running().connectionString(database: database)
  }

  func administer(_ sql: String) async throws {
    let connection = try await PostgresConnection.connect(
      try PostgresConfiguration(try await running().connectionString))
    try await connection.run { try $0.executeScript(sql) }
    await connection.close()
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
