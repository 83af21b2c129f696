/// Everything that was found wrong with a policy file.
package struct PolicyDiagnostics: Error, Sendable, Hashable {
  /// Sorted by position; at most `DiagnosticLog.maximumCount` of each severity.
  package let all: [PolicyDiagnostic]
  /// How many more there were.
  package let omittedCount: Int
}

extension PolicyDiagnostics: CustomStringConvertible {
  /// Each of them as a compiler would print it, with an empty line between.
  package var description: String {
    var paragraphs = all.map(\.description)
    if omittedCount > 0 { paragraphs.append("… and \(omittedCount) more.") }
    return paragraphs.joined(separator: "\n\n")
  }
}
