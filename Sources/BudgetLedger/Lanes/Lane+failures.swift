import LibPQ
import Logging
import TrustBudget

// What a failed try means for the requests of a batch: which of them go on, and how.

extension Lane {
  /// So often a batch is tried again at once, and as a whole, for a reason that may pass.
  private static let triesTogether = 3

  /// What became of a try.
  enum Outcome: Sendable {
    case answered([Answer], hasQueuedInVain: Bool)
    case retry(reason: String, mayBeCommitted: [Answer]? = nil, inNewSession: Bool = false)
    /// Others need not wait for that.
    case postpone(reason: String)
    /// Somebody else holds these budgets.
    case setAside(held: Set<BudgetID>, reason: String)
    case takeApart(reason: String, hasWaited: Bool = false)

    var needsNewSession: Bool {
      if case .retry(_, _, inNewSession: true) = self { true } else { false }
    }
  }

  /// Leaves what is about budgets that somebody else holds with those who are held up.
  ///
  /// - Returns: the rest, which need not wait.
  func setAside(
    _ budgets: Set<BudgetID>, of attempt: Attempt, because reason: String,
    _ held: inout HeldRequests
  ) -> Attempt {
    var (free, waiting) = attempt.parted { !budgets.isDisjoint(with: $1.budgetIDs) }
    waiting.note(reason)
    held.add(waiting, for: budgets)
    if held.isNews(at: .now) {
      logger.warning(
        "rows of budgets are held by somebody else; requests for them wait, and are refused in the end",
        metadata: [
          "budgets": "\(budgets.map(\.value).sorted().prefix(5).joined(separator: ", "))",
          "hint": "find its open transaction in pg_stat_activity, by pg_blocking_pids",
        ])
    }
    return free
  }

  /// What to try in place of a batch that cannot be done as it is; nothing, where that is refused.
  func takenApart(_ attempt: Attempt, because reason: String) -> [Attempt] {
    var attempt = attempt
    let count = attempt.pending.count
    guard count > 1 || !attempt.hasFailed else {
      attempt.refuse(reason)
      return []
    }
    attempt.noteReason(reason)
    // Once more, and looked up first: what was charged before needs no entry that is refused.
    guard count > 1 else { return [attempt] }
    // Of a batch of which nothing can be done, there would be a line for each of its requests.
    logger.log(
      level: attempt.isPart ? .debug : .warning, "taking a batch apart",
      metadata: ["operations": "\(count)", "reason": "\(reason)"])
    let (first, second) = attempt.parted { index, _ in index >= count / 2 }
    return [first, second]
  }

  /// What an error means for the batch. The session is left without a transaction, or broken.
  static func outcome(
    of error: any Error, _ transaction: BatchTransaction, _ attempt: Attempt,
    on session: PostgresSession
  ) -> Outcome {
    let reason = error.ledgerReason
    let isAlone = attempt.pending.count == 1
    if error is UnconfirmedCommit {
      return .retry(reason: reason, mayBeCommitted: transaction.mayBeCommitted ?? [])
    }
    if error is LedgerRewritten {
      _ = try? session.execute(RollbackTransaction())
      return .retry(reason: reason, inNewSession: true)
    }
    // What cannot be decoded, or sent, will be so the next time as well.
    guard let error = error as? PostgresError, error.kind == .server || error.isConnectionLost
    else {
      _ = try? session.execute(RollbackTransaction())
      return isAlone && error is BatchConflict
        ? .retry(reason: reason) : .takeApart(reason: reason)
    }
    if error.isConnectionLost {
      return .retry(reason: reason, mayBeCommitted: transaction.mayBeCommitted)
    }
    // An ErrorResponse: the transaction has failed, for certain.
    _ = try? session.execute(RollbackTransaction())
    switch error.sqlState {
    case .readOnlyTransaction:
      // The server is not a primary any more.
      return .retry(reason: reason, inNewSession: true)
    case .lockNotAvailable:
      // One row is held by somebody else: the others need not wait for it.
      let budgets = Set(attempt.pending.lazy.flatMap(\.operation.budgetIDs))
      let held = heldBudgets(among: budgets, on: session)
      if !held.isEmpty { return .setAside(held: held, reason: reason) }
      // What else is waited for may be one request's, or everybody's: a table that is locked.
      return isAlone
        ? .retry(reason: reason)
        : .takeApart(reason: reason, hasWaited: true)
    case .queryCanceled:
      // A statement that is too slow as a whole.
      return isAlone
        ? .postpone(reason: reason)
        : .takeApart(reason: reason, hasWaited: true)
    case .insufficientPrivilege where lacksRights(on: session):
      // Nobody can be charged; the next session says why.
      return .retry(reason: reason, inNewSession: true)
    case .uniqueViolation:
      // One request id used twice at once: alone it finds the other's entry.
      return isAlone
        ? .retry(reason: reason) : .takeApart(reason: reason)
    default:
      // What is not PostgreSQL's own state of the moment is one request's fault, and the others must
      // not suffer for it; and so may be what does not pass.
      guard error.isTransient || error.isOfSchema else { return .takeApart(reason: reason) }
      guard attempt.failures >= Lane.triesTogether else {
        return .retry(reason: reason, inNewSession: error.isOfSchema)
      }
      return isAlone ? .postpone(reason: reason) : .takeApart(reason: reason, hasWaited: true)
    }
  }

  /// Whether the role lost a right since the session was opened; so it has where it may not even ask.
  private static func lacksRights(on session: PostgresSession) -> Bool {
    (try? FindMissingRights.checkCharges(on: session)) == nil
  }

  /// Those budgets whose rows somebody else has locked at this moment.
  static func heldBudgets(
    among budgets: Set<BudgetID>, on session: PostgresSession
  ) -> Set<BudgetID> {
    let ids = budgets.map(\.value)
    // Locking is writing, and a database may have transactions read by default.
    guard
      let (_, _, budgets, free, _) = try? session.pipeline(
        BeginTransaction(), LimitLockWait(), ReadBudgets(ids: ids), FindFreeBudgets(ids: ids),
        RollbackTransaction())
    else {
      _ = try? session.execute(RollbackTransaction())
      return []
    }
    return Set(budgets.lazy.map(\.id)).subtracting(free)
  }
}

extension PostgresError {
  /// Whether something of the schema is not there, of which a new session can say more.
  fileprivate var isOfSchema: Bool {
    [.undefinedSchema, .undefinedTable, .undefinedColumn, .undefinedFunction].contains(sqlState)
  }

  /// Whether the same transaction may well succeed a little later.
  fileprivate var isTransient: Bool {
    switch sqlState?.errorClass {
    case nil, "25", "40", "53", "55", "57", "58": true
    // A plan or a prepared statement that has become stale is made anew.
    default:
      [.featureNotSupported, .invalidStatementName, .duplicatePreparedStatement].contains(sqlState)
        || lacksTransactionIDs
    }
  }

  /// Whether the server lacks something that everybody needs: room on its disk, transaction ids, or, behind a
  /// pooler that lends them out, sessions that are ours.
  var isLackOfResources: Bool {
    [
      .diskFull, .outOfMemory, .inputOutputError, .invalidStatementName,
      .duplicatePreparedStatement,
    ].contains(sqlState) || lacksTransactionIDs
  }

  /// Whether the server gives no transaction ids out until its tables are vacuumed. Its other limits are said of a
  /// row, or in a function, and are one request's.
  private var lacksTransactionIDs: Bool {
    sqlState == .programLimitExceeded && table == nil && context == nil
  }
}
