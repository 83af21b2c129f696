import TrustBudget

/// How far the file is known to be complete, in time.
///
/// Under load some transaction is always open, and others above it have committed. But what had
/// committed when a window was fixed has a number below that window's `nextTransaction`: it is all in
/// the file once a horizon has passed that number.
struct Completeness {
  struct Moment: Hashable {
    /// By this machine's clock that knows no jumps.
    let instant: ContinuousClock.Instant
    /// By the database's clock.
    let moment: Timestamp
  }

  /// So many windows are remembered while something keeps the horizon back.
  private static let remembered = 1_024

  private var seen: [(nextTransaction: Int64, at: Moment)] = []
  private var epoch: Int64 = 0

  /// Since when something keeps the horizon back; nil: nothing does.
  var heldBackSince: ContinuousClock.Instant? { seen.first?.at.instant }

  /// - Returns: when the file is complete as of, once all of `window` is in it; nil: no later than
  ///   before.
  mutating func note(_ window: TrailWindow, at instant: ContinuousClock.Instant) -> Moment? {
    if epoch != window.ledger.epoch {
      seen = []
      epoch = window.ledger.epoch
    }
    let now = Moment(instant: instant, moment: window.moment)
    guard window.isHeldBack else {
      seen = []
      return now
    }
    let reached = seen.last { $0.nextTransaction <= window.horizon }?.at
    seen.removeAll { $0.nextTransaction <= window.horizon }
    if seen.count == Completeness.remembered {
      seen = seen.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    }
    if seen.last?.nextTransaction != window.nextTransaction {
      seen.append((window.nextTransaction, now))
    }
    return reached
  }
}
