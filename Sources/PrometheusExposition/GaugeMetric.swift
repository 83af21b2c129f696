import CoreMetrics
import Synchronization

/// What goes up and down.
final class GaugeMetric: RecorderHandler, ExposedMetric {
  let kind = MetricKind.gauge
  /// A Double's bits.
  private let value = Atomic<UInt64>(0)

  func record(_ new: Double) {
    value.store(new.bitPattern, ordering: .relaxed)
  }

  func record(_ new: Int64) { record(Double(new)) }

  func write(name: String, labels: String, to text: inout String) {
    let value = Double(bitPattern: value.load(ordering: .relaxed))
    text += ExpositionText.sample(name, labels, ExpositionText.number(value))
  }
}
