import CoreMetrics

/// What a node's lanes count. Made once: on the way of a charge there are atomic additions alone.
struct LedgerMetrics: Sendable {
  let batchSize: Recorder
  let batchRetries: Counter
  let resets: Counter

  init(_ factory: any MetricsFactory) {
    batchSize = Recorder(label: "trust_budget_batch_size", factory: factory)
    batchRetries = Counter(label: "trust_budget_batch_retries_total", factory: factory)
    resets = Counter(label: "trust_budget_resets_total", factory: factory)
  }

  func noteRetry() { batchRetries.increment() }

  /// Counts a batch that is committed.
  func note(_ transaction: BatchTransaction) {
    batchSize.record(transaction.operations.count)
    if transaction.resets > 0 { resets.increment(by: transaction.resets) }
  }
}
