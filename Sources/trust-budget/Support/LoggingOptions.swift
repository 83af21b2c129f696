import ArgumentParser
import Logging

/// What the service logs, on standard error.
struct LoggingOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    /// For people, and for what collects lines.
    case text
    /// One JSON object a line, for what collects fields.
    case json
  }

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel = Settings.logLevel.value

  @Option(help: "text: for people. json: one object a line.")
  var logFormat = Settings.logFormat.value

  func validate() throws { try Configuration.validate() }

  func logger() -> Logger {
    let format = logFormat
    var logger = Logger(
      label: "trust-budget",
      factory: { label -> any LogHandler in
        switch format {
        case .text: StreamLogHandler(label: label, stream: LogText())
        case .json: JSONLogHandler(label: label)
        }
      })
    logger.logLevel = logLevel
    return logger
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
