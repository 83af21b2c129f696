import ArgumentParser
import Foundation

/// Where the ledger's PostgreSQL is: the flag, then `DATABASE_URL`, then libpq's own `PG…` variables.
struct DatabaseOptions: ParsableArguments {
  @Option(
    name: .customLong("database-url"),
    help: ArgumentHelp(
      "The ledger's PostgreSQL: a URL or any other libpq connection string.",
      discussion: "Default: $DATABASE_URL, else libpq's PG… variables and service files.",
      valueName: "url"))
  var url: String?

  /// Empty: libpq's own defaults.
  var connectionString: String {
    url ?? ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
  }
}
