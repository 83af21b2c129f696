import BudgetLedger
import LibPQ
import TrustBudget

/// A session that follows the trail, on a connection of its own.
struct TrailReader: Sendable {
  private let connection: PostgresConnection

  /// How such a session is set up, whatever the server's defaults are.
  ///
  /// - Throws: `PostgresError` when the connection string cannot be read.
  static func configuration(
    connectionString: String, applicationName: String
  ) throws -> PostgresConfiguration {
    var configuration = try PostgresConfiguration(connectionString)
    configuration.applicationName = applicationName
    configuration.connectTimeout = .seconds(5)
    configuration.statementTimeout = .seconds(60)
    configuration.responseTimeout = .seconds(65)
    // A standby can show another order of commits than the primary.
    configuration.requirePrimary()
    configuration.sessionSettings = [
      ("search_path", "pg_catalog, pg_temp"), ("default_transaction_read_only", "on"),
      // A policy that hides rows makes their reading fail, and does not leave them out.
      ("row_security", "off"),
      // A COMMIT that is asked for waits for the standby, as those of nodes do.
      ("synchronous_commit", "on"),
      // Always by the index of the order, even where the statistics are of an empty table.
      ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"),
      ("enable_bitmapscan", "off"), ("enable_sort", "off"), ("jit", "off"),
      ("enable_indexscan", "on"), ("enable_indexonlyscan", "on"), ("enable_nestloop", "on"),
      ("max_parallel_workers_per_gather", "0"),
    ]
    return configuration
  }

  /// Lends a reader, and closes its session afterwards.
  ///
  /// - Throws: `PostgresError`; `SchemaProblem` where there is no ledger that this program knows; what `body`
  ///   throws.
  static func with<R: Sendable>(
    _ configuration: PostgresConfiguration, _ body: (TrailReader) async throws -> R
  ) async throws -> R {
    try await PostgresConnection.with(configuration) { connection in
      try await connection.run { try SchemaCheck.embedded.checkVersion(on: $0) }
      return try await body(TrailReader(connection: connection))
    }
  }

  /// The same, for a command of an auditor.
  static func with<R: Sendable>(
    _ connectionString: String, _ body: (TrailReader) async throws -> R
  ) async throws -> R {
    var configuration = try configuration(
      connectionString: connectionString, applicationName: "trust-budget audit")
    // A person waits for it.
    configuration.lockTimeout = .seconds(10)
    return try await with(configuration, body)
  }

  func run<R: Sendable>(_ body: @Sendable (PostgresSession) throws -> R) async throws -> R {
    try await connection.run(body)
  }

  /// - Throws: `SchemaProblem`, also where the schema was migrated since the session was opened;
  ///   `PostgresError`.
  func window() async throws -> TrailWindow {
    let check = SchemaCheck.embedded
    // The window first: its moment follows its snapshot, whatever the isolation is.
    let (windows, version) = try await connection.run {
      try $0.pipeline(ReadTrailWindow(), check.readVersion)
    }
    try check.check(version.first)
    guard let window = windows.first else { throw SchemaProblem.withoutLedger }
    return window
  }

  /// The next rows of a window.
  func page<TableRow: TrailRow>(
    after position: TrailPosition, of window: TrailWindow, limit: Int
  ) async throws -> [TableRow] {
    try await connection.run { session in
      var rows: [TableRow] = []
      var next: TrailPosition? = position
      while let start = next {
        rows += try session.execute(
          ReadTrailPage<TableRow>(
            stretch: TrailStretch(after: start, of: window), limit: limit - rows.count))
        guard rows.count < limit else { break }
        next = try window.nextEpoch(of: TableRow.self, after: start, on: session)
      }
      return rows
    }
  }

  /// What a filter asks for among the next rows of a window.
  func page<TableRow: TrailRow>(
    after position: TrailPosition, of window: TrailWindow, limit: Int, filter: ExportFilter
  ) async throws -> FilteredPage<TableRow> {
    try await connection.run { session in
      let page = ReadTrailPage<TableRow>(
        stretch: TrailStretch(after: position, of: window), limit: limit)
      let found = try session.execute(ReadFilteredPage(page: page, filter: filter))
      let next =
        if let last = found.last, last.number == limit {
          last.row.position
        } else {
          try window.nextEpoch(of: TableRow.self, after: position, on: session)
        }
      return FilteredPage(
        found: found.map(\.row), read: Int(found.last?.number ?? 0), next: next)
    }
  }

  /// Waits until what was read cannot be lost in a failover any more, two seconds at most.
  ///
  /// - Throws: an error that says that the standby did not confirm it; `PostgresError`.
  func awaitStandby() async throws {
    let wait = Task { try await connection.run { try $0.awaitStandby() } }
    let end = Task {
      try await Task.sleep(for: .seconds(2))
      wait.cancel()
    }
    defer { end.cancel() }
    try await withTaskCancellationHandler {
      try await wait.value
    } onCancel: {
      wait.cancel()
    }
  }

  func horizonHolder() async throws -> HorizonHolder? {
    try await connection.run { try $0.execute(FindHorizonHolder()).first }
  }

  /// Checks that PostgreSQL has the rows that a file holds.
  ///
  /// - Parameter newest: the file's newest rows, newest first.
  /// - Throws: `MirrorRefusal`.
  func verify<TableRow: TrailRow>(_ newest: NewestRows<TableRow>) async throws {
    guard let last = newest.places.first else { return }
    let statement = FindTrailRows<TableRow>(
      chains: newest.places.map(\.chain.name), sequences: newest.places.map(\.sequence))
    let found = try await connection.run { try $0.execute(statement) }
    // The newest are gone: the end was lost, whatever was written there since.
    let missing = found.indices.filter { found[$0] == nil }
    if missing.first == 0 { throw MirrorRefusal.restored(missing: missing.count, newest: last) }
    for (index, theirs) in found.enumerated() {
      guard let theirs else { continue }
      // Who moves a row of the file ahead keeps from it what comes before that. An event that was sent again
      // is further on in PostgreSQL.
      let ours = newest.rows[index]
      guard theirs.hash == ours.hash, theirs.position >= ours.position else {
        throw MirrorRefusal.forked(newest.places[index])
      }
    }
    // The newest are there: somebody removed others.
    guard let first = missing.last else { return }
    throw MirrorRefusal.rowsLost(missing: missing.count, first: newest.places[first])
  }
}

extension TrailReader {
  /// About how many entries there are, as of the last vacuum.
  func estimate() async throws -> Int64 {
    try await run { try $0.executeOne(EstimateEntries()) }
  }
}

struct EstimateEntries: PostgresStatement {
  static let sql = """
    SELECT greatest(reltuples, 0)::bigint FROM pg_class
    WHERE oid = 'trust_budget.audit_entries'::regclass
    """

  static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
}
