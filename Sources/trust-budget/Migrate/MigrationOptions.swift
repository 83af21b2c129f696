import ArgumentParser
import BudgetLedger
import Foundation

/// What every command that looks at a database's schema takes.
struct MigrationOptions: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Option(help: "Take the migrations from this directory instead of those compiled in.")
  var migrations: String?

  @Option(
    name: .customLong("lock-timeout"),
    help: ArgumentHelp(
      "How long a statement may wait for a lock, and hold others up behind it: 5, 500ms, 2m.",
      discussion: "A bare number means seconds.",
      valueName: "duration"))
  var lockTimeout = DurationArgument(.milliseconds(500))

  @Option(
    help: ArgumentHelp(
      "How long the whole may wait for other runners and for locks.", valueName: "duration"))
  var deadline = DurationArgument(.seconds(60))

  @Flag(help: "Print JSON.")
  var json = false

  /// - Throws: `CommandFailure` when the directory cannot be read or its files do not fit together.
  func runner() throws -> MigrationRunner {
    guard let migrations else {
      return MigrationRunner(
        connectionString: try database.connectionString, lockTimeout: lockTimeout.duration,
        patience: deadline.duration)
    }
    let directory = MigrationDirectory(path: migrations)
    return MigrationRunner(
      connectionString: try database.connectionString, migrations: try directory.migrations(),
      catalogue: try directory.catalogue(), lockTimeout: lockTimeout.duration,
      patience: deadline.duration)
  }
}

/// `500ms`, `30s`, `5m`, `1h`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
  let duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), number > 0, number <= 1_000_000_000 else { return nil }
    switch argument.dropFirst(digits.count) {
    case "ms": duration = .milliseconds(number)
    case "s", "": duration = .seconds(number)
    case "m": duration = .seconds(number * 60)
    case "h": duration = .seconds(number * 3_600)
    default: return nil
    }
    // PostgreSQL counts milliseconds in 32 bits.
    guard duration <= .milliseconds(Int32.max) else { return nil }
  }

  var description: String {
    duration < .seconds(1)
      ? "\(Int64(duration / .milliseconds(1)))ms" : "\(duration.components.seconds)s"
  }
}
