import Foundation
import LibPQ

/// A role of its own for one test: roles belong to the whole cluster.
package struct TestRole: Sendable {
  package let name: String
  /// The test's database, as this role.
  package let database: TestDatabase

  /// Lends a role that can log in and may do nothing, and drops it afterwards.
  package static func with<R>(
    in database: TestDatabase, prefix: String = "role", _ body: (TestRole) async throws -> R
  ) async throws -> R {
    let name = "\(prefix)_\(UUID().uuidString.lowercased().prefix(8))"
    try await database.execute("CREATE ROLE \"\(name)\" LOGIN")
    let role = TestRole(
      name: name,
      database: TestDatabase(
        name: database.name, connectionString: database.connectionString + " user='\(name)'"))
    return try await doing {
      try await body(role)
    } finally: {
      try await database.terminateSessions(where: "usename = '\(name)'")
      try await database.execute("DROP OWNED BY \"\(name)\" CASCADE; DROP ROLE \"\(name)\"")
    }
  }
}
