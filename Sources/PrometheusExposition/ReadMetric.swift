/// A figure that nobody records: it is looked up when it is asked for.
final class ReadMetric: ExposedMetric {
  let kind: MetricKind
  private let read: @Sendable () -> Double?

  init(_ kind: MetricKind, read: @escaping @Sendable () -> Double?) {
    self.kind = kind
    self.read = read
  }

  func write(name: String, labels: String, to text: inout String) {
    guard let value = read() else { return }
    text += ExpositionText.sample(name, labels, ExpositionText.number(value))
  }
}

/// What is said in labels, because it is no number.
final class InfoMetric: ExposedMetric {
  let kind = MetricKind.gauge
  private let dimensions: @Sendable () -> [(String, String)]

  init(dimensions: @escaping @Sendable () -> [(String, String)]) {
    self.dimensions = dimensions
  }

  func write(name: String, labels: String, to text: inout String) {
    text += ExpositionText.sample(name, ExpositionText.labels(dimensions()), "1")
  }
}
