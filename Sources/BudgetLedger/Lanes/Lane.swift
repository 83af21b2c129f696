import LibPQ
import Logging
import Synchronization
import TrustBudget

/// One of a node's connections to the ledger, and the operations that are decided on it.
///
/// An operation goes to the lane of its first budget, so a node's own lanes do not wait for each
/// other on it.
final class Lane: Sendable {
  let queue: LaneQueue
  /// On which the lane runs, and its connection.
  private let thread = ConnectionThread()
  let connection: LaneConnection
  private let witness: Witness
  private let number: Int
  private let settings: LedgerSettings
  private let health: LedgerHealth
  private let watch: BudgetWatch
  private let resources: ServerResources
  private let metrics: LedgerMetrics
  let logger: Logger
  private let heldCount = Atomic(0)

  init(
    number: Int, configuration: PostgresConfiguration, settings: LedgerSettings,
    witness: Witness, health: LedgerHealth, watch: BudgetWatch, resources: ServerResources,
    metrics: LedgerMetrics, logger: Logger
  ) {
    self.queue = LaneQueue(capacity: settings.queueLength)
    self.connection = LaneConnection(
      configuration: configuration, thread: thread, witness: witness)
    self.witness = witness
    self.number = number
    self.settings = settings
    self.health = health
    self.watch = watch
    self.resources = resources
    self.metrics = metrics
    self.logger = logger
  }

  /// How many operations wait, those among them whose budgets somebody else holds.
  var waitingCount: Int { queue.count + heldCount.load(ordering: .relaxed) }

  /// Decides batch after batch, until the queue is closed and empty.
  ///
  /// All of it happens on the connection's thread: a lone request need not wait for others to wake.
  func run() async {
    await withTaskExecutorPreference(thread.tasks) {
      var habits = BatchHabits()
      var held = HeldRequests()
      while let batch = await nextBatch(isWaited: held.isEmpty) {
        await settle([Attempt(pending: held.divert(batch))], &habits, &held)
        await settleFreed(&held, &habits)
        heldCount.store(held.count, ordering: .relaxed)
      }
      await connection.discard()
    }
  }

  /// - Parameter isWaited: whether to wait for something to do; otherwise only for a moment.
  /// - Returns: nil once the queue is closed and empty, if it was waited for.
  private func nextBatch(isWaited: Bool) async -> [PendingOperation]? {
    if isWaited { return await queue.take(atMost: settings.batchSize) }
    let batch = queue.takeNow(atMost: settings.batchSize)
    if batch.isEmpty { try? await Task.sleep(for: HeldRequests.interval) }
    return batch
  }

  /// Goes on with those who waited for somebody else's rows, as far as these are free.
  private func settleFreed(_ held: inout HeldRequests, _ habits: inout BatchHabits) async {
    held.letGo(at: .now, isEnding: Task.isCancelled)
    guard held.isDue(at: .now) else { return }
    let budgets = held.budgets
    // Where that can't be found out, the next attempt does.
    let stillHeld: Set<BudgetID>? =
      budgets.isEmpty
      ? []
      : try? await connection.session(before: held.earliestDeadline).connection.run {
        Lane.heldBudgets(among: budgets, on: $0)
      }
    await settle(held.takeFreed(stillHeld: stillHeld ?? [], at: .now), &habits, &held)
  }

  /// Answers every operation, whatever happens, or leaves it with those who are held up.
  ///
  /// Whoever can be answered does not wait for those who cannot yet: what is to be tried again goes
  /// to the end, and so do the parts of a batch that has waited in vain. And nobody is tried again once
  /// he should have had an answer.
  private func settle(
    _ attempts: [Attempt], _ habits: inout BatchHabits, _ held: inout HeldRequests
  ) async {
    var attempts = attempts
    while !attempts.isEmpty {
      var attempt = attempts.removeFirst()
      attempt.letGo(at: .now, isEnding: Task.isCancelled)
      guard !attempt.pending.isEmpty else { continue }
      switch await perform(&attempt, habits) {
      case .answered(let answers, let hasQueuedInVain):
        habits.note(answers, hasQueuedInVain: hasQueuedInVain)
        if hasQueuedInVain {
          logger.warning(
            "no turn came on a busy budget; for a while its row is waited for, which is slower",
            metadata: ["hint": "see who holds an advisory lock in pg_locks"])
        }
        attempt.finish(with: answers)
      case .retry(let reason, let mayBeCommitted, _):
        metrics.noteRetry()
        attempt.note(reason, mayBeCommitted: mayBeCommitted)
        // Before the pause: nobody waits for that any more.
        attempt.letGo(at: .now, isEnding: Task.isCancelled)
        if attempts.allSatisfy({ $0.failures > 0 }) { await attempt.pause() }
        attempts.append(attempt)
      case .postpone(let reason):
        metrics.noteRetry()
        attempt.note(reason)
        held.postpone(attempt)
      case .setAside(let budgets, let reason):
        metrics.noteRetry()
        attempts.insert(setAside(budgets, of: attempt, because: reason, &held), at: 0)
      case .takeApart(let reason, let hasWaited):
        // At once, they keep the order of the requests on each budget.
        attempts.insert(
          contentsOf: takenApart(attempt, because: reason), at: hasWaited ? attempts.endIndex : 0)
      }
    }
  }

  /// Tries once; whoever comes aboard meanwhile belongs to the attempt from then on.
  private func perform(_ attempt: inout Attempt, _ habits: BatchHabits) async -> Outcome {
    let open: LaneConnection.Open
    do {
      open = try await connection.session(before: attempt.earliestDeadline)
      if witness.isConfirmed, resources.lack == nil {
        health.note(.available(open.ledger.identity))
      }
    } catch {
      let reason = error.ledgerReason
      health.note(.unavailable(reason: reason))
      return .retry(reason: reason)
    }
    let transaction = BatchTransaction(
      node: settings.node, ledger: open.ledger, operations: attempt.pending.map(\.operation),
      looksUpFirst: habits.looksUpFirst || attempt.hasFailed, queues: habits.queues)
    let started = attempt
    let boarded = Mutex<[PendingOperation]>([])
    let outcome: Outcome
    do {
      // A COMMIT is never cancelled: what its caller wants by then no longer matters.
      outcome = try await open.connection.run(onTaskCancellation: .ignore) { session in
        carryOut(transaction, of: started, boarded, on: session)
      }
    } catch {
      // The session was closed before it could be lent: nothing was sent.
      outcome = .retry(reason: error.ledgerReason)
    }
    attempt = started.joined(by: boarded.withLock { $0 })
    if outcome.needsNewSession || !open.connection.isUsable {
      await connection.discard()
    }
    return outcome
  }

  /// - Parameter boarded: gets those who come aboard.
  private func carryOut(
    _ transaction: BatchTransaction, of started: Attempt,
    _ boarded: borrowing Mutex<[PendingOperation]>, on session: PostgresSession
  ) -> Outcome {
    var transaction = transaction
    do {
      let answers = try transaction.run(on: session) { mayJoin in
        boarded.withLock { boarded in
          let room = settings.batchSize - started.pending.count - boarded.count
          let joining = queue.board(atMost: max(0, room), where: mayJoin)
          boarded += joining
          return joining.map(\.operation)
        }
      }
      witness.note(transaction.committedHead, lane: number)
      if transaction.committedHead != nil { resources.noteCommit() }
      metrics.note(transaction)
      watch.watch(transaction.strained)
      return .answered(answers, hasQueuedInVain: transaction.hasQueuedInVain)
    } catch {
      let attempt = started.joined(by: boarded.withLock { $0 })
      if let error = error as? PostgresError, error.isLackOfResources {
        resources.noteLack(error.ledgerReason)
      }
      let outcome = Lane.outcome(of: error, transaction, attempt, on: session)
      if case .retry(let reason, .some, _) = outcome {
        witness.noteUnconfirmed(isOverdue: (error as? PostgresError)?.kind == .timeout)
        health.note(.unavailable(reason: reason))
      }
      return outcome
    }
  }
}
