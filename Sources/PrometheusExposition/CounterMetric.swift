import CoreMetrics
import Synchronization

/// A metric that can write itself down.
protocol ExposedMetric: AnyObject, Sendable {
  var kind: MetricKind { get }
  func write(name: String, labels: String, to text: inout String)
}

/// What only grows.
final class CounterMetric: CounterHandler, ExposedMetric {
  let kind = MetricKind.counter
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) {
    value.wrappingAdd(amount, ordering: .relaxed)
  }

  func reset() {
    value.store(0, ordering: .relaxed)
  }

  func write(name: String, labels: String, to text: inout String) {
    text += ExpositionText.sample(name, labels, String(value.load(ordering: .relaxed)))
  }
}
