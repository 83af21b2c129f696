import CoreMetrics
import Synchronization

/// How often values fell into each of some buckets, and their sum.
final class HistogramMetric: RecorderHandler, TimerHandler, ExposedMetric {
  let kind = MetricKind.histogram

  /// From a third of a millisecond, which no charge is faster than, to the patience of a caller.
  static let seconds = [
    0.000_3, 0.000_6, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  ]
  static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

  private final class Count: Sendable {
    let value = Atomic<UInt64>(0)
  }

  /// In the unit that is written down.
  private let bounds: [Double]
  /// How many of the recorded units make one of the written: 1e9 for nanoseconds and seconds.
  private let unitsPerOne: Double
  /// One for each bound, and one for what is above all.
  private let counts: [Count]
  /// A Double's bits, in recorded units.
  private let sum = Atomic<UInt64>(0)

  /// - Parameter bounds: ascending.
  init(bounds: [Double], unitsPerOne: Double) {
    self.bounds = bounds
    self.unitsPerOne = unitsPerOne
    self.counts = (0...bounds.count).map { _ in Count() }
  }

  func record(_ value: Double) {
    let written = value / unitsPerOne
    // A dozen bounds: looking at one after another beats anything cleverer.
    var index = 0
    while index < bounds.count, written > bounds[index] { index += 1 }
    counts[index].value.wrappingAdd(1, ordering: .relaxed)
    sum.addDouble(value)
  }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

  func write(name: String, labels: String, to text: inout String) {
    let separator = labels.isEmpty ? "" : ","
    var total: UInt64 = 0
    for (index, count) in counts.enumerated() {
      total += count.value.load(ordering: .relaxed)
      let bound = index < bounds.count ? ExpositionText.number(bounds[index]) : "+Inf"
      text += ExpositionText.sample(
        "\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", String(total))
    }
    let sum = Double(bitPattern: sum.load(ordering: .relaxed)) / unitsPerOne
    text += ExpositionText.sample("\(name)_sum", labels, ExpositionText.number(sum))
    text += ExpositionText.sample("\(name)_count", labels, String(total))
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
