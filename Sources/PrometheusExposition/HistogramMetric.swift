import CoreMetrics
import Synchronization

/// How often values fell into each of some buckets, and their sum.
final class HistogramMetric: RecorderHandler, TimerHandler, ExposedMetric {
  let kind = MetricKind.histogram

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

  init(bounds: [Double], unitsPerOne: Double) {
    self.bounds = bounds.sorted()
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
