import CoreMetrics
import Synchronization

/// Keeps what swift-metrics records, and writes it down for Prometheus.
///
/// Recording is an atomic addition on a handle that was made once; the lock here is only for making
/// handles and for writing them down.
package final class PrometheusRegistry: Sendable {
  private let descriptions: [String: MetricDescription]
  private let families = Mutex([String: Family]())

  /// All metrics of one name: one for each set of labels.
  private struct Family {
    let kind: MetricKind
    var members: [String: any ExposedMetric] = [:]
  }

  /// - Parameter descriptions: what the metrics mean. One that is not described is written down all
  ///   the same.
  package init(describing descriptions: [MetricDescription]) {
    self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
  }

  /// Adds a figure that only grows and that is looked up when it is asked for.
  package func addCounter(
    _ name: String, _ dimensions: [(String, String)] = [],
    read: @escaping @Sendable () -> Double?
  ) {
    _ = metric(name, dimensions) { ReadMetric(.counter, read: read) }
  }

  /// Adds a figure that is looked up when it is asked for.
  ///
  /// - Parameter read: nil: there is nothing to say at the moment.
  package func addGauge(
    _ name: String, _ dimensions: [(String, String)] = [],
    read: @escaping @Sendable () -> Double?
  ) {
    _ = metric(name, dimensions) { ReadMetric(.gauge, read: read) }
  }

  /// Adds a figure that is always 1, and whose labels are looked up when it is asked for.
  package func addInfo(
    _ name: String, labels: @escaping @Sendable () -> [(String, String)]
  ) {
    _ = metric(name, []) { InfoMetric(dimensions: labels) }
  }

  /// Everything, in Prometheus' text format.
  package func exposition() -> String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      let help = descriptions[name]?.help ?? "Not described."
      text += "# HELP \(name) \(ExpositionText.escapedHelp(help))\n"
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, metric) in family.members.sorted(by: { $0.key < $1.key }) {
        metric.write(name: name, labels: labels, to: &text)
      }
    }
    return text
  }

  /// The metric with this name and these labels, made if there is none.
  ///
  /// A name keeps the kind that it was first used with: another kind is recorded nowhere, because two
  /// kinds of one name are an error that would cost the whole exposition.
  private func metric<Metric: ExposedMetric>(
    _ label: String, _ dimensions: [(String, String)], _ make: () -> Metric
  ) -> Metric {
    let name = ExpositionText.validName(label)
    let labels = ExpositionText.labels(dimensions)
    return families.withLock { families in
      if let metric = families[name]?.members[labels] as? Metric { return metric }
      let metric = make()
      guard families[name]?.kind ?? metric.kind == metric.kind else { return metric }
      families[name, default: Family(kind: metric.kind)].members[labels] = metric
      return metric
    }
  }
}

extension PrometheusRegistry: MetricsFactory {
  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    metric(label, dimensions) { CounterMetric() }
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate
      ? metric(label, dimensions) {
        HistogramMetric(bounds: HistogramMetric.counts, unitsPerOne: 1)
      } : metric(label, dimensions) { GaugeMetric() }
  }

  /// Durations are recorded in nanoseconds, and written down in seconds.
  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    metric(label, dimensions) {
      HistogramMetric(bounds: HistogramMetric.seconds, unitsPerOne: 1e9)
    }
  }

  // Nobody destroys a metric: each is a node's for as long as it runs.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}
}
