import LibPQ

extension PostgresConfiguration {
  /// The one session of a command (`trust-budget NAME …`), whatever the server's defaults are: a person
  /// waits for it, so a statement may take ten seconds, and a server that says nothing more is given up.
  ///
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(
    command name: String, _ connectionString: String, isReadOnly: Bool = false
  ) throws(PostgresError) {
    try self.init(connectionString)
    applicationName = "trust-budget \(name)"
    statementTimeout = .seconds(10)
    responseTimeout = .seconds(11)
    sessionSettings = [
      // Every statement names its schema; nobody's objects can get in between.
      ("search_path", "pg_catalog, pg_temp"),
      ("default_transaction_read_only", isReadOnly ? "on" : "off"),
      // A policy that hides rows makes their reading fail, and does not leave them out.
      ("row_security", "off"),
      // Migrations are read, and what they made is shown, in one way.
      ("standard_conforming_strings", "on"), ("quote_all_identifiers", "off"),
      ("intervalstyle", "postgres"),
      // What is sound without them is not to fail for somebody's taste.
      ("plpgsql.extra_errors", "none"),
    ]
  }

  /// Sets aside what would cut a long statement short, be it the role's limit or this one's. For its answer to
  /// be waited for, `PostgresSession.liftResponseTimeout()` is called where the long work begins.
  package mutating func liftStatementTimeout() {
    sessionSettings.append(("statement_timeout", "0"))
  }
}
