import BudgetLedger
import Foundation
import LibPQ
import TrustBudget

/// Records requests: in the node's journal, else straight in PostgreSQL, else not at all.
actor BreakGlassRecorder {
  /// How often a journal may be removed under a request.
  private static let attempts = 5
  /// How long PostgreSQL may be asked where the journal fails.
  private static let patience: Duration = .seconds(4)
  /// What was recorded without the journal, so that a repeated request is known when it works again.
  private static let memory = 10_000

  private let node: String
  private let keeper: JournalKeeper
  private let trail: BreakGlassTrail
  /// The chain of what this process records in PostgreSQL itself.
  private var directJournalID = UUID().uuidString.lowercased()
  private var direct: [String: BreakGlassEvent] = [:]

  init(node: String, keeper: JournalKeeper, trail: BreakGlassTrail) {
    self.node = node
    self.keeper = keeper
    self.trail = trail
  }

  typealias Requests = [(request: BreakGlassIssuance, moment: Timestamp)]

  /// Opens the journal ahead of the first request.
  func prepare() {
    _ = try? keeper.opened()
  }

  /// - Returns: the outcomes in the requests' order, and where they are recorded.
  func record(
    _ requests: Requests
  ) async throws(BreakGlassUnrecorded) -> [(BreakGlassOutcome, BreakGlass.Store)] {
    let known = requests.map { direct[$0.request.requestID.value] }
    let unknown = zip(requests, known).filter { $0.1 == nil }.map(\.0)
    var outcomes = try await recordNew(unknown)[...]
    return zip(requests, known).map { request, event in
      guard let event else { return outcomes.removeFirst() }
      return (BreakGlassOutcome(request.request, recordedAs: event), .postgresql)
    }
  }

  func close() async {
    await trail.close()
  }

  private func recordNew(
    _ requests: Requests
  ) async throws(BreakGlassUnrecorded) -> [(BreakGlassOutcome, BreakGlass.Store)] {
    guard !requests.isEmpty else { return [] }
    let problem: JournalProblem
    do {
      return try await recordInJournal(requests).map { ($0, .journal) }
    } catch {
      problem = error
    }
    do {
      let outcomes = try await recordDirectly(requests)
      for case .recorded(let event, _) in outcomes where direct.count < Self.memory {
        direct[event.requestID] = event
      }
      return outcomes.map { ($0, .postgresql) }
    } catch {
      throw BreakGlassUnrecorded(
        journal: "\(problem)", postgres: LedgerHealth.reason(error))
    }
  }

  /// Records in the journal, which is opened anew where it, its log or its lock was removed.
  private func recordInJournal(
    _ requests: Requests
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
    prepare()
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
    _ requests: Requests
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

  /// Asks PostgreSQL until it answers, a few times: asking again makes nothing twice.
  private func recordDirectly(_ requests: Requests) async throws -> [BreakGlassOutcome] {
    let deadline = ContinuousClock.now + Self.patience
    var attempts = 0
    while true {
      do {
        return try await trail.record(requests, in: directJournalID, node: node)
      } catch is BreakGlassFork {
        directJournalID = UUID().uuidString.lowercased()
      } catch let error as PostgresError {
        attempts += 1
        guard attempts < 4, .now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(50 * attempts))
      }
    }
  }
}
