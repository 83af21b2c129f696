import BudgetLedger
import LibPQ
import Synchronization
import TrustBudget
import TrustBudgetTesting

/// What callers were answered, to be held against the trail afterwards.
final class ChaosJournal: Sendable {
  private struct State {
    var recent: [TrustBudget.Operation] = []
    var answers: [String: [ToldAnswer]] = [:]
    var tally: [String: Int] = [:]
  }

  private let state = Mutex(State())

  /// The newest operations that anybody sent.
  var recent: [TrustBudget.Operation] { state.withLock { $0.recent } }

  /// How many entries there are of each kind, and answers of some kinds.
  var tally: [String: Int] { state.withLock { $0.tally } }

  func note(sent operation: TrustBudget.Operation) {
    state.withLock { state in
      if state.recent.count == 200 { state.recent.removeFirst() }
      state.recent.append(operation)
      if state.answers[operation.requestID.value] == nil {
        state.answers[operation.requestID.value] = []
      }
    }
  }

  func note(_ requestID: String, _ answer: ToldAnswer) {
    state.withLock {
      $0.answers[requestID, default: []].append(answer)
      $0.tally[answer.kind.rawValue, default: 0] += 1
      if answer.isRepeated { $0.tally["repeated", default: 0] += 1 }
    }
  }

  /// Holds every answer against the entries of its request.
  ///
  /// - Returns: what does not agree; empty when every answer is true.
  func faults(in database: TestDatabase) async throws -> [String] {
    let entries = try await database.withConnection { connection in
      try await connection.run { try $0.execute(EntriesAfter(count: 0)) }
    }
    let answers = state.withLock { state in
      for entry in entries { state.tally[entry.kind.rawValue, default: 0] += 1 }
      return state.answers
    }
    let trail = Dictionary(grouping: entries.filter { $0.requestID != nil }) { $0.requestID ?? "" }
    let unknown = trail.keys.filter { answers[$0] == nil }.map { "\($0): nobody asked for this" }
    let untrue = answers.flatMap { id, answers in
      AnswerCheck(id: id, answers: answers, entries: trail[id, default: []]).faults
    }
    return (unknown + untrue).sorted()
  }
}
