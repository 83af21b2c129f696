import CoreMetrics
import Synchronization

/// What goes up and down.
final class GaugeMetric: MeterHandler, RecorderHandler, ExposedMetric {
  let kind = MetricKind.gauge
  /// A Double's bits.
  private let value = Atomic<UInt64>(0)

  func set(_ new: Double) {
    value.store(new.bitPattern, ordering: .relaxed)
  }

  func set(_ new: Int64) { set(Double(new)) }
  func record(_ new: Int64) { set(Double(new)) }
  func record(_ new: Double) { set(new) }

  func increment(by amount: Double) {
    value.addDouble(amount)
  }

  func decrement(by amount: Double) { increment(by: -amount) }

  func write(name: String, labels: String, to text: inout String) {
    let value = Double(bitPattern: value.load(ordering: .relaxed))
    text += ExpositionText.sample(name, labels, ExpositionText.number(value))
  }
}

extension Atomic where Value == UInt64 {
  /// Adds to a Double that is kept as its bits.
  func addDouble(_ amount: Double) {
    var old = load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let result = compareExchange(expected: old, desired: new, ordering: .relaxed)
      if result.exchanged { return }
      old = result.original
    }
  }
}
