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

  func logger(_ label: String = "trust-budget") -> Logger {
    let format = logFormat
    var logger = Logger(
      label: label,
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
