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

  /// Whether anybody says where, but libpq's own variables.
  var isNamed: Bool { url != nil || Settings.database.value != nil }

  /// Empty: libpq's own defaults.
  var connectionString: String { url ?? Settings.database.value ?? "" }
}
