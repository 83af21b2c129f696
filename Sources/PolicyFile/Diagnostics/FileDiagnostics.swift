/// Everything that was found wrong with a YAML file of ours: policy, roles or settings.
package struct FileDiagnostics: Error, Sendable, Hashable {
  /// Sorted by position; at most `DiagnosticLog.maximumCount` of each severity.
  package let all: [FileDiagnostic]
  /// How many more there were.
  package let omittedCount: Int
}

extension FileDiagnostics: CustomStringConvertible {
  /// Each of them as a compiler would print it, with an empty line between.
  package var description: String {
    var paragraphs = all.map(\.description)
    if omittedCount > 0 { paragraphs.append("… and \(omittedCount) more.") }
    return paragraphs.joined(separator: "\n\n")
  }
}
