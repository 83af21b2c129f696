import BudgetLedger
import LibPQ
import Synchronization
import TrustBudget
import TrustBudgetTesting

extension TestDatabase {
  func runner(
    _ migrations: [Migration] = Migrations.embedded, catalogue: Catalogue? = Catalogue.embedded,
    lockTimeout: Duration = .milliseconds(500), patience: Duration = .seconds(60)
  ) -> MigrationRunner {
    MigrationRunner(
      connectionString: connectionString, migrations: migrations, catalogue: catalogue,
      lockTimeout: lockTimeout, patience: patience)
  }

  /// The actions in `schema_events`, `applied 1` and so on, in order.
  func schemaEvents() async throws -> [String] {
    try await query(
      "SELECT action || ' ' || version FROM trust_budget.schema_events ORDER BY event_id"
    ).compactMap { $0.first ?? nil }
  }

  func hasSchema() async throws -> Bool {
    try await count("SELECT count(*) FROM pg_namespace WHERE nspname = 'trust_budget'") == 1
  }

  func exists(_ table: String) async throws -> Bool {
    try await query("SELECT to_regclass('trust_budget.\(table)') IS NOT NULL") == [["t"]]
  }
}

extension Migration {
  /// The next migration after those that the program has.
  static func next(_ up: String, down: String? = nil, name: String = "extra") -> Migration {
    Migration(
      version: Int64(Migrations.embedded.count + 1), name: name, up: up, down: down)
  }

  /// With another text.
  func changed(_ change: (String) -> String) -> Migration {
    Migration(version: version, name: name, up: change(up), down: down)
  }
}

/// What a runner reported.
final class ProgressLog: Sendable {
  private let log = Mutex<[MigrationRunner.Progress]>([])

  var steps: [MigrationRunner.Progress] { log.withLock { $0 } }

  var blockers: [Blocker] {
    steps.flatMap { step -> [Blocker] in
      if case .gaveWay(_, let blockers) = step { blockers } else { [] }
    }
  }

  var add: @Sendable (MigrationRunner.Progress) -> Void {
    { [self] step in log.withLock { $0.append(step) } }
  }
}
