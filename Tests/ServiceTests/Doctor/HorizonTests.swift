import BudgetLedger
import Foundation
import LibPQ
import Testing
import TrustBudgetTesting

/// Somebody's open transaction keeps the mirrors back: who it is, in the words that a role may know.
struct HorizonTests {
  @Test func `whoever may not see since when is told who it is, and what to grant`() async throws {
    try await withOpenTransaction { database, role, pid, directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      let asRole = role.database.connectionString
      try await RunningNode.with(on: asRole, policy: policy) { node in
        #expect(try await node.authorize("rich-1").status == 200)
        // At first it may be another test's: the horizon is the whole server's.
        try await wait(for: "the node to name the session") {
          let ready = try await node.get("/readyz")
          let holder = ready.json["audit_mirror"]["held_back_by"]
          guard ready.status == 200, holder["pid"].integer == pid else { return false }
          return holder["since"] == .null && holder["user"].text != nil
        }
        try await wait(for: "status to name it") {
          let status = try await Program.run(
            "audit", "status", "--json", "--audit-file", node.program.auditFile,
            environment: ["DATABASE_URL": asRole])
          let holder = status.json["held_back_by"]
          return status.status == 0 && holder["pid"].integer == pid && holder["since"] == .null
        }
      }
      try await wait(for: "doctor to name it") {
        let finding = try await horizon(asRole)
        let message = finding["message"].text ?? ""
        return finding["status"] == "warning" && message.contains("that of pid \(pid), ")
          && message.contains("\"\(role.name)\" may not see since when")
          && finding["action"].text?.contains("GRANT pg_read_all_stats TO") == true
      }
      try await database.execute("GRANT pg_read_all_stats TO \"\(role.name)\"")
      // It has not been open for long.
      try await wait(for: "doctor to see since when") {
        try await horizon(asRole)["status"] == "ok"
      }
    }
  }

  private func horizon(_ connectionString: String) async throws -> JSON {
    let end = try await Program.run("doctor", "--json", "--database-url", connectionString)
    let findings = end.json["findings"].list
    return try #require(findings.first { $0["subject"] == "horizon" }, "\(end.errors)")
  }

  /// Lends a ledger in whose cluster an administrator has a transaction open, and a service's role.
  private func withOpenTransaction(
    _ body: (TestDatabase, TestRole, _ pid: Int64, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      try await TestRole.with(in: database, prefix: "service") { role in
        _ = try await MigrationRunner(connectionString: database.connectionString)
          .up(roles: LedgerRoles(service: role.name))
        try await database.withConnection { session in
          try await session.execute("BEGIN; SELECT pg_current_xact_id()")
          let pid = try await session.query("SELECT pg_backend_pid()")[0][0]
          try await body(database, role, try #require(pid.flatMap { Int64($0) }), directory)
          try await session.execute("ROLLBACK")
        }
      }
    }
  }
}
