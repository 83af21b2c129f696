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

  /// From now on nobody waits for a reader of standard error.
  func logger() -> Logger {
    let losses = logger { Console.write($0 + "\n") }
    Console.handOver(
      to: LogWriter { losses.warning("log entries lost", metadata: ["entries": "\($0)"]) })
    var logger = logger { Console.log($0) }
    logger.logLevel = logLevel
    return logger
  }

  private func logger(output: @escaping @Sendable (String) -> Void) -> Logger {
    let format = logFormat
    return Logger(
      label: "trust-budget",
      factory: { label -> any LogHandler in
        switch format {
        case .text: StreamLogHandler(label: label, stream: LogText(output: output))
        case .json: JSONLogHandler(label: label, output: output)
        }
      })
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
