import Foundation
import Testing
import TrustBudgetTesting

/// `migrate up` as twenty processes at once, of which some are killed with -9 in the middle.
@Suite struct KilledRunnerTests {
  /// `TRUST_BUDGET_LONG_TESTS=1` runs fifty.
  private static let rounds =
    ProcessInfo.processInfo.environment["TRUST_BUDGET_LONG_TESTS"] == "1" ? 0..<50 : 0..<2

  @Test(arguments: rounds)
  func `whichever runners are killed, each migration is applied once and the next run succeeds`(
    round: Int
  ) async throws {
    try await TestDatabase.withEmptyDatabase { database in
      let environment = ["DATABASE_URL": database.connectionString]
      var killed: [RunningProgram] = []
      var others: [RunningProgram] = []
      do {
        for number in 0..<20 {
          let runner = try Program.start(["migrate", "up"], environment: environment)
          if number.isMultiple(of: 3) { killed.append(runner) } else { others.append(runner) }
        }
        for runner in killed {
          try await Task.sleep(for: .milliseconds(.random(in: 0...60)))
          runner.signal(SIGKILL)
        }
        for runner in others {
          let end = try await runner.end(within: .seconds(90))
          #expect(end.status == 0, "round \(round): \(end.errors)")
        }
      } catch {
        for runner in killed + others { await runner.kill() }
        throw error
      }
      for runner in killed + others { await runner.kill() }

      let next = try await Program.run("migrate", "up", environment: environment)
      #expect(next.status == 0, "round \(round): \(next.errors)")
      let verified = try await Program.run("migrate", "verify", environment: environment)
      #expect(verified.status == 0, "round \(round): \(verified.output)\(verified.errors)")
      let applied = try await database.query(
        "SELECT version FROM trust_budget.schema_migrations ORDER BY applied_at, version")
      #expect(applied == applied.indices.map { ["\($0 + 1)"] }, "round \(round)")
    }
  }
}
