import TrustBudget

/// Records requests in a node's journal, which is opened anew where it, its log or its lock was removed.
struct JournalRecorder: Sendable {
  /// How often a journal may be removed under a request.
  private static let attempts = 5

  let node: String
  let keeper: JournalKeeper

  func record(
    _ requests: BreakGlassRecorder.Requests
  ) async throws(JournalProblem) -> [BreakGlassOutcome] {
    var known: [BreakGlassOutcome]?
    for _ in 0..<Self.attempts {
      do {
        let (outcomes, isKept) = try await recordOnce(requests)
        let merged = Self.merged(known, outcomes)
        if isKept { return merged }
        // It was removed while it was written, so nobody will find that.
        known = merged
      } catch .vanished {}
    }
    // What is in the file must not wait for the next emergency to reach PostgreSQL.
    _ = try? keeper.opened()
    throw .vanished(keeper.path)
  }

  /// What was new at first is new, though it was found at a later attempt.
  private static func merged(
    _ earlier: [BreakGlassOutcome]?, _ outcomes: [BreakGlassOutcome]
  ) -> [BreakGlassOutcome] {
    guard let earlier else { return outcomes }
    return zip(earlier, outcomes).map { earlier, outcome in
      guard case .recorded(_, replayed: false) = earlier, case .recorded(let event, _) = outcome
      else { return outcome }
      return .recorded(event, replayed: false)
    }
  }

  /// - Returns: the outcomes, and whether they are on a disk where somebody will find them.
  private func recordOnce(
    _ requests: BreakGlassRecorder.Requests
  ) async throws(JournalProblem) -> (outcomes: [BreakGlassOutcome], isKept: Bool) {
    let journal = try keeper.opened()
    do {
      let outcomes = try await journal.record(requests, node: node)
      guard journal.isInPlace else {
        keeper.note(.vanished(journal.path))
        return (outcomes, false)
      }
      keeper.note(journal)
      return (outcomes, true)
    } catch {
      keeper.note(error)
      throw error
    }
  }
}
