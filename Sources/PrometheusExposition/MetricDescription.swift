/// What a metric means, for those who see only its name.
package struct MetricDescription: Sendable {
  package let name: String
  /// One sentence, with the unit.
  package let help: String

  package init(_ name: String, _ help: String) {
    self.name = name
    self.help = help
  }
}

enum MetricKind: String {
  case counter, gauge, histogram
}
