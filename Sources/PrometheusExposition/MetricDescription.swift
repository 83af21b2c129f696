/// What a metric means, for those who see only its name.
package struct MetricDescription: Sendable {
  package let name: String
  /// One sentence, with the unit.
  package let help: String
  /// Upper bounds of a histogram's buckets, in the unit of the name; nil: the default for its kind.
  let buckets: [Double]?

  package init(_ name: String, _ help: String, buckets: [Double]? = nil) {
    self.name = name
    self.help = help
    self.buckets = buckets
  }

  /// From a third of a millisecond, which no charge is faster than, to the patience of a caller.
  package static let seconds = [
    0.000_3, 0.000_6, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  ]
  package static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
}

enum MetricKind: String {
  case counter, gauge, histogram
}
