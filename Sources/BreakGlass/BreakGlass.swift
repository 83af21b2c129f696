import BudgetLedger
import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import TrustBudget

/// The path for emergencies: records an event before anybody is answered, and sees to it that
/// everybody hears of it.
///
/// Nothing of it depends on budgets, and nothing that is needed for an answer depends on PostgreSQL.
package final class BreakGlass: Service {
  /// Where an event is recorded when it is answered.
  package enum Store: String, Hashable, Sendable {
    /// On the node's own disk; on its way to PostgreSQL.
    case journal
    /// In PostgreSQL, because the journal could not be written.
    case postgresql
  }

  /// How long notices that are under way may take when the service ends.
  private static let farewell: Duration = .seconds(3)

  /// Where the journal is.
  package let disk: JournalDisk
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  private let keeper: JournalKeeper
  private let recorder: BreakGlassRecorder
  private let forwarder: BreakGlassForwarder
  private let notifier: BreakGlassNotifier
  private let queue = RecordingQueue()
  private let events: Counter
  private let lastEvent: Gauge
  /// When the last event was, as far as is known.
  private let newest = Mutex<Timestamp?>(nil)
  private let hasReadJournal = Atomic(false)
  private let retryInterval: Duration
  private let unforwarded: Gauge
  private let journalUp: Gauge

  /// - Parameters:
  ///   - journal: the path of the journal. It is made when it is first needed.
  ///   - now: the node's clock.
  ///   - retryInterval: how often a journal is opened anew that could not be, or that failed: seldom, for the
  ///     file may be somebody else's.
  ///   - metrics: makes what the events are counted with.
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(
    node: String, journal path: String, connectionString: String,
    now: @escaping @Sendable () -> Timestamp, retryInterval: Duration = .seconds(10),
    logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance
  ) throws {
    self.now = now
    self.retryInterval = retryInterval
    self.logger = logger
    events = Counter(label: "trust_budget_break_glass_events_total", factory: metrics)
    lastEvent = Gauge(
      label: "trust_budget_break_glass_last_event_timestamp_seconds", factory: metrics)
    lastEvent.record(0)
    unforwarded = Gauge(label: "trust_budget_break_glass_unforwarded", factory: metrics)
    journalUp = Gauge(label: "trust_budget_break_glass_journal_up", factory: metrics)
    // Until somebody has looked, nothing is known to be wrong.
    journalUp.record(1)
    unforwarded.record(0)
    let settings = LedgerSettings(node: node)
    keeper = JournalKeeper(path: path, node: node, now: now, logger: logger)
    disk = JournalDisk(path: path, logger: logger)
    recorder = BreakGlassRecorder(
      node: node, keeper: keeper, disk: disk,
      trail: try BreakGlassTrail(connectionString: connectionString, settings: settings))
    forwarder = BreakGlassForwarder(
      keeper: keeper, disk: disk,
      trail: try BreakGlassTrail(connectionString: connectionString, settings: settings),
      logger: logger)
    notifier = BreakGlassNotifier(logger: logger)
  }

  /// Opens the journal before the first request, where break-glass is on or there may be events that
  /// have not reached PostgreSQL.
  package func prepare() async {
    _ = try? await disk.perform { [keeper] in try keeper.opened() }
    await noteOwnEvents()
  }

  /// Records a request that the policy allows.
  ///
  /// - Parameter notice: whom to tell, besides the log and the metrics.
  /// - Throws: `BreakGlassUnrecorded`: then nothing may be signed.
  package func record(
    _ request: BreakGlassIssuance, notice: BreakGlassNotice?
  ) async throws(BreakGlassUnrecorded) -> (outcome: BreakGlassOutcome, store: Store) {
    let (outcome, store) = try await queue.add(request, at: now()).get()
    if case .recorded(let event, replayed: false) = outcome {
      events.increment()
      noteEvent(at: event.occurredAt)
      logger.warning(
        "break-glass",
        metadata: [
          "username": "\(event.username)", "reason": "\(event.reason)",
          "ticket": "\(event.ticket ?? "")",
          "approvers": "\(event.approvers.joined(separator: ","))",
          "principals": "\(event.principals.joined(separator: ","))",
          "max_duration": "\(event.maxDuration)", "request_id": "\(event.requestID)",
          "journal": "\(event.journalID)", "event": "\(event.sequence)",
          "recorded": "\(store.rawValue)",
        ])
      if let notice { notifier.tell(notice, of: event) }
    }
    return (outcome, store)
  }

  /// Asks the node's own journal.
  ///
  /// - Returns: nil while there is none, and where it does not answer.
  package func askJournal<R: Sendable>(
    _ question: @escaping @Sendable (BreakGlassJournal) async throws -> R
  ) async -> R? {
    guard let journal = keeper.current else { return nil }
    return try? await disk.perform { try await question(journal) }
  }

  /// How the path is, for readiness and metrics.
  package var status: BreakGlassStatus {
    let journal = keeper.current
    let all = keeper.removed + [journal].compactMap(\.self)
    return BreakGlassStatus(
      journalPath: keeper.path, journalID: journal?.journalID,
      journalProblem: (disk.problem ?? keeper.problem).map { "\($0)" },
      unforwarded: all.isEmpty ? nil : all.reduce(0) { $0 + $1.sequence - $1.forwardedThrough },
      obstacle: forwarder.obstacle)
  }

  /// Records and forwards until the service is told to stop; then answers what waits, and tries once
  /// more to bring PostgreSQL what it lacks.
  package func run() async throws {
    let (ticks, tick) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskCancellationOrGracefulShutdownHandler {
      // What a task gives says whether it is what the end waits for.
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          await self.notifier.run()
          return true
        }
        group.addTask {
          for await _ in ticks { await self.forwarder.forward() }
          return false
        }
        group.addTask {
          while (try? await Task.sleep(for: self.retryInterval)) != nil {
            // What is in it must not wait for the next emergency to reach PostgreSQL.
            if self.keeper.isWorthAnotherLook {
              await self.prepare()
            } else if !self.hasReadJournal.load(ordering: .relaxed) {
              await self.noteOwnEvents()
            }
          }
          return false
        }
        group.addTask {
          while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            self.report()
            tick.yield()
          }
          return false
        }
        await queue.drain { batch in
          await self.answer(batch)
          tick.yield()
        }
        tick.finish()
        notifier.close()
        group.addTask {
          try? await Task.sleep(for: BreakGlass.farewell)
          return true
        }
        while let isAll = await group.next(), !isAll {}
        group.cancelAll()
      }
    } onCancelOrGracefulShutdown: {
      self.queue.close()
    }
    await forwarder.forward(isLast: true)
    report()
    await forwarder.close()
    await recorder.close()
    try? await disk.perform { self.keeper.close() }
  }

  private func answer(_ batch: [RecordingQueue.Pending]) async {
    do throws(BreakGlassUnrecorded) {
      let outcomes = try await recorder.record(batch.map { ($0.request, $0.moment) })
      for (pending, outcome) in zip(batch, outcomes) {
        pending.answer.resume(returning: .success(outcome))
      }
    } catch {
      for pending in batch { pending.answer.resume(returning: .failure(error)) }
    }
  }

  /// Notes what happened before the node was started, since when nobody may have asked it for its metrics.
  private func noteOwnEvents() async {
    guard let own = await askJournal({ try await $0.events(since: Timestamp(microseconds: 0)) })
    else { return }
    hasReadJournal.store(true, ordering: .relaxed)
    if let moment = own.newest { noteEvent(at: moment) }
  }

  private func noteEvent(at moment: Timestamp) {
    let latest = newest.withLock { newest in
      let latest = max(newest ?? moment, moment)
      newest = latest
      return latest
    }
    lastEvent.record(latest.secondsSince1970)
  }

  private func report() {
    let status = status
    // While a journal is opened anew, nobody knows.
    if let count = status.unforwarded { unforwarded.record(count) }
    journalUp.record(status.journalProblem == nil ? 1 : 0)
  }
}
