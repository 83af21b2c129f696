import ArgumentParser

/// Where the ledger's PostgreSQL is: the flag, then `DATABASE_URL`, then the configuration, then
/// libpq's own `PG…` variables.
struct DatabaseOptions: ParsableArguments {
  @Option(
    name: .customLong("database-url"),
    help: ArgumentHelp(
      "The ledger's PostgreSQL: a URL or any other libpq connection string.",
      discussion:
        "Default: $DATABASE_URL, the configuration, libpq's PG… variables and service files.",
      valueName: "url"))
  var url: String?

  @OptionGroup var configuration: ConfigurationOptions

  /// The database that somebody names; nil: nobody but libpq's own variables.
  ///
  /// - Throws: `ConfigurationProblem`.
  var named: String? {
    get throws {
      if let url { return url }
      try Configuration.validate([Settings.database.key])
      return Settings.database.value
    }
  }

  /// Empty: libpq's own defaults.
  ///
  /// - Throws: `ConfigurationProblem`.
  var connectionString: String { get throws { try named ?? "" } }

  /// For whoever goes by all the settings: the flag comes before what others say of the database.
  ///
  /// - Throws: `ConfigurationProblem`.
  func validateSettings() throws {
    try Configuration.validate(
      Settings.all.filter { url == nil || $0.name != Settings.database.key.name })
  }
}
