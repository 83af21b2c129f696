import CoreMetrics
import Logging
import Synchronization
import TrustBudget

/// Counts the budgets that run short, without a figure for each budget and without a scan.
///
/// Lanes name the budgets that are strained as they decide; every few seconds those are read again,
/// by key, so that a figure goes down after a reset or an adjustment on any node. A budget that
/// enters a state is named in the log, once.
final class BudgetWatch: Sendable {
  /// The most budgets that are watched: what bounds the memory, and the reads. The figures of a node
  /// stop there.
  static let capacity = 2_000
  /// How many budgets are read at a time.
  private static let page = 500

  /// What is to be known of a budget that runs short.
  enum State: String, CaseIterable, Sendable {
    /// Less than a fifth of the allocation is left.
    case low
    /// Nothing is left.
    case exhausted
    /// More than half of the allocation went in less than an hour.
    case fast
  }

  private let watched = Mutex([BudgetID: Set<State>]())
  private let reader: LedgerReader
  private let settings: LedgerSettings
  private let logger: Logger
  private let gauges: [State: Gauge]
  private let count: Gauge

  init(
    reader: LedgerReader, settings: LedgerSettings, logger: Logger, metrics: any MetricsFactory
  ) {
    self.reader = reader
    self.settings = settings
    self.logger = logger
    gauges = Dictionary(
      uniqueKeysWithValues: State.allCases.map {
        (
          $0,
          Gauge(
            label: "trust_budget_budgets", dimensions: [("state", $0.rawValue)], factory: metrics)
        )
      })
    count = Gauge(label: "trust_budget_watched_budgets", factory: metrics)
  }

  /// Takes budgets under watch, as far as there is room.
  func watch(_ ids: [BudgetID]) {
    guard !ids.isEmpty else { return }
    watched.withLock { watched in
      for id in ids where watched[id] == nil && watched.count < BudgetWatch.capacity {
        watched[id] = []
      }
    }
  }

  /// Looks at the budgets under watch again and again, until the task is cancelled.
  func run() async {
    var knowsOthers = false
    while (try? await Task.sleep(for: settings.watchInterval)) != nil {
      do {
        if !knowsOthers {
          // What happened before this node began, or on another one.
          watch(try await reader.newestBudgets())
          knowsOthers = true
        }
        try await look()
      } catch {
        logger.debug("budgets not looked at", metadata: ["reason": "\(error)"])
      }
    }
  }

  private func look() async throws {
    let ids = watched.withLock { Array($0.keys) }
    var found: [BudgetID: Set<State>] = [:]
    for start in stride(from: 0, to: ids.count, by: BudgetWatch.page) {
      let page = ids[start..<min(start + BudgetWatch.page, ids.count)].map(\.value)
      for budget in try await reader.strain(of: page, within: settings.watchPeriod) {
        found[budget.id] = budget.states
      }
    }
    let (entered, counts, total) = watched.withLock { watched in
      var entered: [(BudgetID, State)] = []
      for id in ids {
        // Nothing of one whose row is gone. One that has run short since it was read is let go, until its
        // next charge names it again.
        let states = found[id] ?? []
        for state in states.subtracting(watched[id] ?? []) { entered.append((id, state)) }
        watched[id] = states.isEmpty ? nil : states
      }
      let counts = State.allCases.map { state in
        (state, watched.values.count { $0.contains(state) })
      }
      return (entered, counts, watched.count)
    }
    for (state, number) in counts { gauges[state]?.record(number) }
    count.record(total)
    for (id, state) in entered {
      logger.warning("budget runs short", metadata: ["budget_id": "\(id)", "state": "\(state)"])
    }
  }
}

extension Budget {
  /// Whether it is worth a second look: less than a fifth is left, or more than half is spent.
  var isStrained: Bool {
    balance * 5 < initialBalance.value || balance <= 0 || spent * 2 > initialBalance.value
  }
}
