import LibPQ
import TrustBudget

/// One batch, decided and written in one transaction: two round trips, a third when budgets are new.
///
/// 1. BEGIN, queue for budgets that are busy, lock the rows; then, as statements of their own, read
///    the clock, which also tells whether the ledger is still the same, and, where that is likely to
///    matter, look the request ids up.
/// 2. Insert the entries, update the rows, COMMIT.
///
/// In between the batch is decided in memory, by `Batch`; and as it is decided in chunks, each sent
/// off at once, PostgreSQL inserts the entries of one while the next is decided.
///
/// A batch whose ids were not looked up is decided as if all of them were new. If one wasn't, its
/// entry violates the unique index; if an answer doesn't hold for certain without the look-up, the
/// batch stops there; so it does if a budget was made for a request that turned out to be known.
/// In each case nothing is committed, and the batch is done again, with the look-up.
///
/// A batch that changes nothing, because all of its requests are known, is committed like any other, with a
/// record of nothing: so it waits until a synchronous standby has what it answers from, too.
///
/// Until its COMMIT is sent, operations on the very budgets that are locked may still come aboard:
/// on a busy budget most arrive while the lock is waited for. The clock may have been read before they were
/// asked for, by as much as its answer was under way: so none does once one of the windows may have ended.
struct BatchTransaction {
  /// How many operations are decided at most before their entries are sent off: few at first, so that
  /// the server has something to do, then more, since every statement has its price. While the server
  /// inserts the entries of one chunk, another of some four times as many is decided.
  private static let chunks = (first: 32, growth: 4, largest: 512)
  /// A budget is worth queueing for if so many operations of a batch are about it, and one in so many:
  /// the server has room for some thousands of such locks, and they are everybody's.
  private static let crowd = (size: 4, oneIn: 8)

  let node: String
  let ledger: FoundLedger
  /// Those that it began with, and those that came aboard.
  private(set) var operations: [Operation]
  let looksUpFirst: Bool
  /// Whether it queues for budgets that are busy.
  let queues: Bool

  /// The answers, once COMMIT may have left: from then on a lost connection means an unknown outcome.
  private(set) var mayBeCommitted: [Answer]?
  /// The last entry that was committed, once the COMMIT was answered.
  private(set) var committedHead: TrailHead?

  /// Whether the wait for its turn ran into lock_timeout, so that it locked the rows without one.
  private(set) var hasQueuedInVain = false
  /// How many windows it opened.
  private(set) var resets = 0
  /// The budgets that it leaves short of points.
  private(set) var strained: [BudgetID] = []

  /// Gives operations that may come aboard, as they answer to the condition.
  typealias Boarding = (_ mayJoin: (Operation) -> Bool) -> [Operation]

  /// - Returns: an answer for each operation, in their order. All that they say is committed.
  /// - Throws: `LedgerRewritten`, `PostgresError`; the session may be left in a failed transaction.
  mutating func run(on session: PostgresSession, boarding: Boarding) throws -> [Answer] {
    if !looksUpFirst, operations.allSatisfy(\.makesRequest) {
      do {
        return try run(on: session, lookingUp: false, boarding)
      } catch is LookUpNeeded {
      } catch is BatchConflict {
      } catch let error as PostgresError where error.constraint == "audit_entries_request" {
        // The server answered, so the COMMIT behind the entry was not carried out.
        mayBeCommitted = nil
      } catch let error as PostgresError
        where error.statement == QueueForBudgets.name && error.sqlState == .lockNotAvailable
      {
        hasQueuedInVain = true
      }
      try session.execute(RollbackTransaction())
    }
    return try run(on: session, lookingUp: true) { _ in [] }
  }

  private mutating func run(
    on session: PostgresSession, lookingUp: Bool, _ boarding: Boarding
  ) throws -> [Answer] {
    let state = try lock(on: session, lookingUp: lookingUp)
    var batch = Batch(
      ledger: ledger.identity, node: node, now: state.now, budgets: state.rows.map(\.budget),
      known: state.known ?? KnownRequests())
    var decided = Decided()
    try session.pipeline { pipeline in
      decided = try sendEntries(of: &batch, state, &pipeline, boarding)
      // A request id that is there twice makes one budget at most: alone, each makes its own.
      guard !zip(operations, decided.answers).contains(where: lacksBudget) else {
        throw BatchConflict()
      }
      let changed = try sendRows(of: batch, state, &pipeline)
      mayBeCommitted = decided.answers
      try pipeline.send(CommitTransaction())
      strained = changed.lazy.map(\.budget).filter(\.isStrained).map(\.id)
    }
    try session.checkCommit()
    resets = decided.resets
    committedHead = decided.newest.map { entry in
      TrailHead(
        ledger: ledger.identity, budgetID: entry.budgetID.value, sequence: entry.sequence,
        hash: entry.hash)
    }
    return decided.answers
  }

  private struct Decided {
    var answers: [Answer] = []
    var resets = 0
    var newest: Entry?
  }

  /// Decides chunk after chunk, sends the entries of each off, and takes aboard who comes meanwhile.
  private mutating func sendEntries(
    of batch: inout Batch, _ state: State, _ pipeline: inout Pipeline, _ boarding: Boarding
  ) throws -> Decided {
    var all = Decided()
    all.answers.reserveCapacity(operations.count)
    var chunk = BatchTransaction.chunks.first
    lazy var closing = state.firstWindowEnd
    while true {
      if state.known == nil {
        operations += boarding { operation in
          operation.makesRequest && operation.isWithin(state.locked)
            && closing.map { .now < $0 } ?? true
        }
      }
      guard all.answers.count < operations.count else { return all }
      let end = min(all.answers.count + chunk, operations.count)
      chunk = min(BatchTransaction.chunks.growth * chunk, BatchTransaction.chunks.largest)
      let answers = batch.decide(operations[all.answers.count..<end])
      guard state.known != nil || answers.allSatisfy(\.holdsForNewRequest) else {
        throw LookUpNeeded()
      }
      all.answers += answers
      guard let last = batch.entries.last else { continue }
      all.newest = last
      all.resets += batch.entries.count { $0.kind == .reset }
      try pipeline.send(
        InsertEntries(
          ledger: ledger.identity, node: node, occurredAt: state.now, entries: batch.entries))
      batch.removeEntries()
    }
  }

  /// Sends the rows that the batch changed, or in place of them a record of nothing.
  ///
  /// - Returns: those rows.
  private func sendRows(
    of batch: Batch, _ state: State, _ pipeline: inout Pipeline
  ) throws -> [LockedBudget] {
    let changed = batch.changes.map { index, budget in
      LockedBudget(location: state.rows[index].location, budget: budget)
    }
    if changed.isEmpty {
      if !state.created.isEmpty {
        // This takes back a row that was made for a charge which came to nothing.
        try pipeline.send(RollbackTransaction())
        try pipeline.send(BeginTransaction())
      }
      try pipeline.send(TouchLog())
    } else {
      guard batch.hasEntries(for: state.created) else { throw BatchConflict() }
      try pipeline.send(UpdateBudgets(rows: changed))
    }
    return changed
  }

  /// What the decision needs, read under the locks.
  private struct State {
    let rows: [LockedBudget]
    let locked: Set<BudgetID>
    let now: Timestamp
    /// When the database was asked what time it is, which was before `now`.
    let asked: ContinuousClock.Instant
    /// `nil`: not looked up.
    let known: KnownRequests?
    /// Budgets that this transaction made.
    let created: [BudgetID]

    /// No window of the budgets ends before this; `nil`: none ever does.
    var firstWindowEnd: ContinuousClock.Instant? {
      let ends = rows.lazy.compactMap { $0.budget.afterDueReset(at: now).resetsAt }
      return ends.min().map { asked + .microseconds($0.microseconds - now.microseconds) }
    }
  }

  private func lock(on session: PostgresSession, lookingUp: Bool) throws -> State {
    var counts: [BudgetID: Int] = [:]
    for id in operations.lazy.flatMap(\.budgetIDs) { counts[id, default: 0] += 1 }
    let locked = Set(counts.keys)
    let ids = locked.map(\.value)
    let lockBudgets = LockBudgets(ids: ids)
    var findRequests: FindRequests { FindRequests(ids: operations.map(\.requestID.value)) }

    let asked = ContinuousClock.now
    let rows: [LockedBudget]
    let moments: [Moment]
    var known: KnownRequests?
    if lookingUp {
      let entries: [Entry]
      (_, rows, moments, entries) = try session.pipeline(
        BeginTransaction(), lockBudgets, ReadMoment(), findRequests)
      known = KnownRequests(entries: entries)
    } else if case let busy = busyBudgets(counts), !busy.isEmpty {
      (_, _, rows, moments) = try session.pipeline(
        BeginTransaction(), QueueForBudgets(ids: busy.map(\.value)), lockBudgets, ReadMoment())
    } else {
      (_, rows, moments) = try session.pipeline(BeginTransaction(), lockBudgets, ReadMoment())
    }
    let now = try time(of: moments)
    // Whether a budget is to be made depends on whether its request is new.
    let missing = termsOfNewBudgets(
      of: ids.count, besides: rows, known: known ?? KnownRequests())
    if missing.isEmpty {
      return State(
        rows: rows, locked: locked, now: now, asked: asked, known: known, created: [])
    }

    // The locks are let go first: whoever inserts a row that another waits for must wait for none.
    let (_, _, _, allRows, laterMoments, laterEntries) = try session.pipeline(
      RollbackTransaction(), BeginTransaction(), CreateBudgets(terms: missing), lockBudgets,
      ReadMoment(), findRequests)
    return State(
      rows: allRows, locked: locked, now: try time(of: laterMoments), asked: asked,
      known: KnownRequests(entries: laterEntries), created: missing.map(\.budgetID))
  }

  /// The time, if the ledger is what it was when the session was opened.
  private func time(of moments: [Moment]) throws(LedgerRewritten) -> Timestamp {
    guard let moment = moments.first, moment.ledgerWriter == ledger.writer else {
      throw LedgerRewritten()
    }
    return moment.now
  }

  /// Those budgets that a crowd of the operations is about, in sorted order.
  ///
  /// - Parameter counts: how many operations are about each.
  private func busyBudgets(_ counts: [BudgetID: Int]) -> [BudgetID] {
    let crowd = max(
      BatchTransaction.crowd.size, operations.count / BatchTransaction.crowd.oneIn)
    guard queues, operations.count >= crowd else { return [] }
    return counts.filter { $0.value >= crowd }.keys.sorted()
  }

  /// The terms under which budgets must be made: those of their first charge in the batch.
  ///
  /// A request id that is known already, or that came before in this batch, makes no budget.
  private func termsOfNewBudgets(
    of budgetCount: Int, besides rows: [LockedBudget], known: KnownRequests
  ) -> [Terms] {
    guard rows.count < budgetCount else { return [] }
    var seenBudgets = Set(rows.lazy.map(\.budget.id))
    var seenRequests: Set<RequestID> = []
    var missing: [Terms] = []
    for case .charge(let charge) in operations
    where seenRequests.insert(charge.requestID).inserted && known.charges[charge.requestID] == nil {
      missing += charge.terms.filter { seenBudgets.insert($0.budgetID).inserted }
    }
    return missing
  }
}

/// Whether a charge found no row for one of its budgets.
private func lacksBudget(_ operation: Operation, _ answer: Answer) -> Bool {
  if case (.charge, .rejected(.noSuchBudget)) = (operation, answer) { true } else { false }
}

/// An answer depends on whether the trail holds its request already.
private struct LookUpNeeded: Error {}

/// Another node was quicker, or another request of the batch is in the way, so that the batch has to
/// be looked at again, in smaller parts.
struct BatchConflict: Error, CustomStringConvertible {
  var description: String {
    "another node or another request was in the way; where that stays so, something hides rows of "
      + "trust_budget.budgets from this role, such as a rule"
  }
}
