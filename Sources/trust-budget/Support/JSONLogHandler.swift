import Foundation
import Logging
import TrustBudget

/// Logs one JSON object a line on standard error: time, level, logger, message, and what goes with it.
struct JSONLogHandler: LogHandler {
  let label: String
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()
  var metadataProvider: Logger.MetadataProvider?

  private let output: @Sendable (String) -> Void

  /// - Parameter output: takes a line, without its end.
  init(label: String, output: @escaping @Sendable (String) -> Void) {
    self.label = label
    self.output = output
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    let line = JSONLogHandler.line(
      at: .wallClock(), event.level, logger: label, "\(event.message)", all)
    output(line)
  }

  static func line(
    at time: Timestamp, _ level: Logger.Level, logger: String, _ message: String,
    _ metadata: Logger.Metadata
  ) -> String {
    var object = JSONObjectText()
    object.put("time", time)
    object.put("level", level.rawValue)
    object.put("logger", logger)
    object.put("message", message)
    if !metadata.isEmpty, let text = JSONLogHandler.text(of: metadata) {
      object.put("metadata", json: text)
    }
    return object.text
  }

  private static func text(of metadata: Logger.Metadata) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let values = metadata.mapValues { "\($0)" }
    return (try? encoder.encode(values)).map { String(decoding: $0, as: UTF8.self) }
  }
}
