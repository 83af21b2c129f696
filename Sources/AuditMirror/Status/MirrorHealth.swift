import BudgetLedger
import Logging
import Metrics
import Synchronization
import TrustBudget

/// The mirror's state, for whoever asks: readiness, metrics, the log.
package final class MirrorHealth: Sendable {
  /// A problem that stays is said again after so long.
  private static let repetition: Duration = .seconds(300)

  private let status = Mutex(MirrorStatus())
  private let lastLog = Mutex<(reason: String, at: ContinuousClock.Instant)?>(nil)
  /// Whether what was logged last is that all is well.
  private let isSaidToFollow = Mutex(false)
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

  package var current: MirrorStatus { status.withLock { $0 } }

  /// Notes a state; a change is logged, repetition is not.
  func note(_ new: MirrorStatus.State) {
    status.withLock { $0.state = new }
    switch new {
    case .refused(let reason):
      isSaidToFollow.withLock { $0 = false }
      log(.error, "the audit mirror refuses to go on", reason)
    case .waiting(let reason):
      isSaidToFollow.withLock { $0 = false }
      log(.warning, "the audit mirror waits", reason)
    case .following:
      lastLog.withLock { $0 = nil }
      let wasSaid = isSaidToFollow.withLock { isSaid in
        defer { isSaid = true }
        return isSaid
      }
      if !wasSaid {
        logger.info("the audit mirror follows", metadata: ["entries": "\(current.entries ?? 0)"])
      }
    case .starting, .catchingUp, .stopped: break
    }
  }

  /// Notes what is in the file now.
  func note(_ summary: FileSummary, newEntries: Int = 0, newEvents: Int = 0) {
    status.withLock {
      $0.entries = summary.entries.rows
      $0.events = summary.events?.rows
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
    status.withLock { status in
      guard let moment else { return }
      status.completeAt = moment
      status.complete = summary
      status.holder = nil
    }
  }

  /// By its own words, which are as old as the last row in it, the file is this much behind. Of one that is
  /// as it was when it was last complete, more is known.
  func note(_ summary: FileSummary, behind: Duration) {
    status.withLock { status in
      guard status.complete != summary else { return }
      status.completeAt = .now - max(behind, .zero)
    }
  }

  func note(holder: HorizonHolder?) {
    status.withLock { $0.holder = holder }
    guard let holder else { return }
    log(.warning, "an open transaction keeps the audit mirror back", holder.description)
  }

  func noteSetAside(_ path: String, because reason: String) {
    logger.error(
      "the audit file was set aside, and is built anew",
      metadata: ["kept_as": "\(path)", "reason": "\(reason)"])
  }

  private func log(_ level: Logger.Level, _ message: Logger.Message, _ reason: String) {
    let isNew = lastLog.withLock { last in
      if let last, last.reason == reason, ContinuousClock.now - last.at < MirrorHealth.repetition {
        return false
      }
      last = (reason, .now)
      return true
    }
    if isNew { logger.log(level: level, message, metadata: ["reason": "\(reason)"]) }
  }
}
