import LibPQ
import Logging
import TrustBudget

/// One of a node's connections to the ledger, and the operations that are decided on it.
///
/// An operation goes to the lane of its first budget, so a node's own lanes do not wait for each
/// other on it.
final class Lane: Sendable {
  let queue: LaneQueue
  private let connection: LaneConnection
  private let settings: LedgerSettings
  private let health: LedgerHealth
  private let logger: Logger

  init(
    configuration: PostgresConfiguration, settings: LedgerSettings, health: LedgerHealth,
    logger: Logger
  ) {
    self.queue = LaneQueue(capacity: settings.queueLength)
    self.connection = LaneConnection(configuration: configuration, logger: logger)
    self.settings = settings
    self.health = health
    self.logger = logger
  }

  /// Decides batch after batch, until the queue is closed and empty.
  func run() async {
    while let batch = await queue.take(atMost: settings.batchSize) {
      await settle(batch)
    }
    await connection.discard()
  }

  /// Answers every operation of a batch, whatever happens.
  private func settle(_ batch: [PendingOperation]) async {
    var attempt = Attempt(pending: batch)
    while !attempt.pending.isEmpty {
      let outcome = await perform(attempt)
      switch outcome {
      case .answered(let answers):
        for (operation, answer) in zip(attempt.pending, answers) {
          operation.finish(.success(answer))
        }
        return
      case .retry(let reason, let mayHaveCommitted):
        attempt.note(reason, mayHaveCommitted: mayHaveCommitted)
        attempt.letGoOfOverdue(at: .now)
        await attempt.pause()
      case .takeApart(let reason):
        guard attempt.pending.count > 1 else {
          attempt.pending[0].finish(.failure(.refused(reason: reason)))
          return
        }
        logger.warning(
          "taking a batch apart",
          metadata: ["operations": "\(attempt.pending.count)", "reason": "\(reason)"])
        let middle = attempt.pending.count / 2
        await settle(Array(attempt.pending[..<middle]))
        await settle(Array(attempt.pending[middle...]))
        return
      }
    }
  }

  private enum Outcome: Sendable {
    case answered([Answer])
    case retry(reason: String, mayHaveCommitted: Bool)
    case takeApart(reason: String)
  }

  private func perform(_ attempt: Attempt) async -> Outcome {
    let open: LaneConnection.Open
    do {
      open = try await connection.session(before: attempt.earliestDeadline)
      health.note(.available(open.ledger))
    } catch {
      let reason = LedgerHealth.reason(error)
      health.note(.unavailable(reason: reason))
      return .retry(reason: reason, mayHaveCommitted: false)
    }
    let transaction = BatchTransaction(
      node: settings.node, ledger: open.ledger, operations: attempt.pending.map(\.operation))
    let outcome: Outcome
    do {
      // A COMMIT is never cancelled: what its caller wants by then no longer matters.
      outcome = try await open.connection.run(onTaskCancellation: .ignore) { session in
        var transaction = transaction
        do {
          return .answered(try transaction.run(on: session))
        } catch {
          return Lane.outcome(of: error, transaction, attempt, on: session)
        }
      }
    } catch {
      outcome = .retry(reason: LedgerHealth.reason(error), mayHaveCommitted: true)
    }
    if !open.connection.isUsable {
      await connection.discard()
    }
    return outcome
  }

  /// What an error means for the batch. The session is left without a transaction, or broken.
  private static func outcome(
    of error: any Error, _ transaction: BatchTransaction, _ attempt: Attempt,
    on session: PostgresSession
  ) -> Outcome {
    let reason = LedgerHealth.reason(error)
    guard let error = error as? PostgresError else {
      _ = try? session.execute(RollbackTransaction())
      return error is BatchConflict
        ? .retry(reason: reason, mayHaveCommitted: false) : .takeApart(reason: reason)
    }
    if error.isConnectionLost {
      return .retry(reason: reason, mayHaveCommitted: transaction.mayHaveCommitted)
    }
    // An ErrorResponse: the transaction has failed, for certain.
    _ = try? session.execute(RollbackTransaction())
    switch error.sqlState?.errorClass {
    case "22", "23", "54":
      // The data of one request is not to PostgreSQL's liking: the others must not suffer for it.
      // A unique violation is one request id used twice at once; alone it finds the other's entry.
      return attempt.pending.count > 1 || error.sqlState != .uniqueViolation
        ? .takeApart(reason: reason) : .retry(reason: reason, mayHaveCommitted: false)
    default:
      break
    }
    switch error.sqlState {
    case .lockNotAvailable, .queryCanceled:
      // One row is held by somebody else: the others need not wait for it.
      return attempt.pending.count > 1
        ? .takeApart(reason: reason) : .retry(reason: reason, mayHaveCommitted: false)
    default:
      return .retry(reason: reason, mayHaveCommitted: false)
    }
  }
}
