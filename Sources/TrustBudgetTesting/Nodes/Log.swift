import Logging
import Synchronization

/// Keeps what is logged.
package final class Log: LogHandler {
  private let kept = Mutex<[String]>([])

  package init() {}

  package var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  package var logLevel: Logger.Level {
    get { .debug }
    set {}
  }

  /// Each event: its level, its message, and what came with it.
  package var lines: [String] { kept.withLock { $0 } }

  package var text: String { lines.joined(separator: "\n") }

  package func log(event: LogEvent) {
    kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
  }

  package subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
}
