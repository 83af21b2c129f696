import BudgetLedger
import Logging
import Metrics
import Synchronization
import TrustBudget

/// The mirror's state, for whoever asks: readiness, metrics, the log.
package final class MirrorHealth: Sendable {
  /// A problem that stays is said again after so long.
  private static let repetition: Duration = .seconds(300)

  private struct State {
    var status = MirrorStatus()
    /// The problem that was logged last, until all is well.
    var said: (reason: String, at: ContinuousClock.Instant)?
    /// Whether what was logged last is that all is well.
    var isSaidToFollow = false
  }

  private let state = Mutex(State())
  private let logger: Logger
  private let entries: Counter
  private let events: Counter

  init(node: String, logger: Logger, metrics factory: any MetricsFactory) {
    self.logger = logger
    let labels = [("node", node)]
    entries = Counter(
      label: "trust_budget_mirror_entries_total", dimensions: labels, factory: factory)
    events = Counter(
      label: "trust_budget_mirror_break_glass_events_total", dimensions: labels, factory: factory)
  }

  package var current: MirrorStatus { state.withLock { $0.status } }

  /// Notes a state; a change is logged, repetition is not.
  func note(_ new: MirrorStatus.State) {
    let isNews = state.withLock { state in
      state.status.state = new
      switch new {
      case .refused, .waiting: state.isSaidToFollow = false
      case .following:
        // It follows as well while somebody keeps it back; once that is over, it is said.
        guard state.status.holder == nil else { return false }
        state.said = nil
        defer { state.isSaidToFollow = true }
        return !state.isSaidToFollow
      case .starting, .catchingUp, .stopped: break
      }
      return false
    }
    switch new {
    case .refused(let reason): log(.error, "the audit mirror refuses to go on", reason)
    case .waiting(let reason): log(.warning, "the audit mirror waits", reason)
    case .following where isNews:
      logger.info("the audit mirror follows", metadata: ["entries": "\(current.entries ?? 0)"])
    case .following, .starting, .catchingUp, .stopped: break
    }
  }

  /// Notes which ledger the file is of.
  func note(ledger: String) {
    state.withLock { $0.status.ledger = ledger }
  }

  /// Notes what is in the file now.
  func note(_ summary: FileSummary, newEntries: Int = 0, newEvents: Int = 0) {
    state.withLock {
      $0.status.ledger = summary.ledger.id
      $0.status.entries = summary.entries.rows
      $0.status.events = summary.events.rows
    }
    if newEntries > 0 { entries.increment(by: newEntries) }
    if newEvents > 0 { events.increment(by: newEvents) }
  }

  /// The file has all that was committed when a window was fixed.
  ///
  /// - Parameters:
  ///   - summary: what it says of itself.
  ///   - moment: when that was; nil when something keeps the horizon back.
  func noteWindow(_ summary: FileSummary, completeAt moment: ContinuousClock.Instant?) {
    guard let moment else { return }
    state.withLock {
      $0.status.completeAt = moment
      $0.status.complete = summary
    }
  }

  /// What the file says of its own age. Ignored where it has not changed since it was last known to be
  /// complete: `completeAt` is exact then.
  func note(_ summary: FileSummary, behind: Duration) {
    state.withLock {
      guard $0.status.complete != summary else { return }
      $0.status.completeAt = .now - max(behind, .zero)
    }
  }

  /// - Parameter holder: nil where nobody keeps the horizon back, or nobody is to be seen.
  func note(holder: HorizonHolder?) {
    state.withLock {
      $0.status.holder = holder
      if holder != nil { $0.isSaidToFollow = false }
    }
    guard let holder else { return }
    log(.warning, "an open transaction keeps the audit mirror back", holder.description)
  }

  func noteSetAside(_ path: String, because reason: String) {
    logger.error(
      "the audit file was set aside, and is built anew",
      metadata: ["kept_as": "\(path)", "reason": "\(reason)"])
  }

  private func log(_ level: Logger.Level, _ message: Logger.Message, _ reason: String) {
    let isNew = state.withLock { state in
      if let said = state.said, said.reason == reason,
        ContinuousClock.now - said.at < MirrorHealth.repetition
      {
        return false
      }
      state.said = (reason, .now)
      return true
    }
    if isNew { logger.log(level: level, message, metadata: ["reason": "\(reason)"]) }
  }
}
