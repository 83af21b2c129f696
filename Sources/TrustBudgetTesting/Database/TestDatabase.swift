import Foundation
import LibPQ

/// A database of its own for one test, on a private PostgreSQL that all tests of the process share.
///
/// The server's life is tied to the process: when the tests end, or are killed, it is gone, and its
/// directory with it.
package struct TestDatabase: Sendable {
  package let name: String
  package let connectionString: String

  /// Lends a migrated, otherwise empty database, and drops it afterwards.
  package static func withLedger<R>(_ body: (TestDatabase) async throws -> R) async throws -> R {
    try await with(template: try await TestCluster.shared.template(), body)
  }

  /// Lends an empty database without a schema, and drops it afterwards.
  package static func withEmptyDatabase<R>(
    encoding: String? = nil, _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    // The server's own locale may not go with another encoding.
    let other = encoding.map { " ENCODING '\($0)' LC_COLLATE 'C' LC_CTYPE 'C'" } ?? ""
    return try await with(template: "template0\(other)", body)
  }

  package init(name: String, connectionString: String) {
    self.name = name
    self.connectionString = connectionString
  }

  /// Lends a copy of this database as it is, and drops it afterwards. PostgreSQL waits five seconds for those
  /// who are still connected here.
  package func withCopy<R>(_ body: (TestDatabase) async throws -> R) async throws -> R {
    try await TestDatabase.lend(copyOf: name, body)
  }

  private static func with<R>(
    template: String, _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    try await Gate.databases.pass { try await lend(copyOf: template, body) }
  }

  private static func lend<R>(
    copyOf template: String, _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
    let cluster = TestCluster.shared
    try await cluster.administer("CREATE DATABASE \(name) TEMPLATE \(template)")
    let database = TestDatabase(
      name: name, connectionString: try await cluster.connectionString(database: name))
    return try await doing {
      try await body(database)
    } finally: {
      try await cluster.administer("DROP DATABASE \(name) WITH (FORCE)")
    }
  }
}
