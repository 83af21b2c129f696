import LibPQ

/// How the node's sessions are set up, whatever the server's defaults are.
struct LedgerSessions {
  let connectionString: String
  let settings: LedgerSettings

  /// For deciding: the plans are fixed from the first execution on.
  ///
  /// Every statement of a lane finds its rows by an index, whether the table holds none or a
  /// hundred million. A plan made while it was empty must not be a sequential scan for ever, and a
  /// plan made anew for each batch would cost more than the batch.
  func forLanes() throws -> PostgresConfiguration {
    var configuration = try base(applicationName: "trust-budget \(settings.node)")
    configuration.sessionSettings += [
      ("plan_cache_mode", "force_generic_plan"),
      ("enable_seqscan", "off"),
      ("enable_bitmapscan", "off"),
      ("enable_hashjoin", "off"),
      ("enable_mergejoin", "off"),
      ("enable_material", "off"),
    ]
    // A node that is stopped between the statements of a pipeline, and whose machine goes on answering, would
    // keep its locks: no other limit runs there.
    configuration.transactionTimeout = settings.transactionTimeout
    // PostgreSQL 13 has no such plans.
    configuration.optionalSettings.append(("enable_memoize", "off"))
    return configuration
  }

  func forReads() throws -> PostgresConfiguration {
    try readOnly(applicationName: "trust-budget \(settings.node) reader")
  }

  func forTokens() throws -> PostgresConfiguration {
    try readOnly(applicationName: "trust-budget \(settings.node) tokens")
  }

  /// For looking things up: planned anew each time, so that no plan is older than the tables' growth.
  private func readOnly(applicationName: String) throws -> PostgresConfiguration {
    var configuration = try base(applicationName: applicationName)
    configuration.sessionSettings += [
      ("default_transaction_read_only", "on"), ("plan_cache_mode", "force_custom_plan"),
    ]
    return configuration
  }

  func forBreakGlass() throws -> PostgresConfiguration {
    try base(applicationName: "trust-budget \(settings.node) break-glass")
  }

  private func base(applicationName: String) throws -> PostgresConfiguration {
    var configuration = try PostgresConfiguration(connectionString)
    configuration.applicationName = applicationName
    configuration.connectTimeout = settings.connectTimeout
    configuration.statementTimeout = settings.statementTimeout
    configuration.lockTimeout = settings.lockTimeout
    configuration.idleInTransactionTimeout = settings.idleInTransactionTimeout
    configuration.responseTimeout = settings.statementTimeout + .milliseconds(500)
    // Never decide from a standby, and find the primary among several hosts.
    configuration.requirePrimary()
    configuration.sessionSettings += [
      ("search_path", "pg_catalog, pg_temp"),
      // A policy that hides rows makes a statement fail, and does not have it decided without them.
      ("row_security", "off"),
      // What is answered is on the disk, and on the synchronous standby where there is one.
      ("synchronous_commit", "on"),
      // What finds a row by its key or its place must be there to choose.
      ("enable_indexscan", "on"), ("enable_indexonlyscan", "on"), ("enable_tidscan", "on"),
      ("enable_nestloop", "on"), ("enable_sort", "on"), ("jit", "off"),
    ]
    return configuration
  }
}
