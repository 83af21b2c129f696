import BudgetLedger
import Foundation
import LibPQ
import TrustBudget

/// Records requests: in the node's journal, else straight in PostgreSQL, else not at all.
///
/// A journal that took too long may have a request as well: two events are better than none.
actor BreakGlassRecorder {
  /// How long PostgreSQL may be asked where the journal fails.
  private static let patience: Duration = .seconds(4)
  /// What was recorded without the journal, so that a repeated request is known when it works again.
  private static let memory = 10_000

  private let node: String
  private let keeper: JournalKeeper
  private let disk: JournalDisk
  private let trail: BreakGlassTrail
  /// The chain of what this process records in PostgreSQL itself.
  private var directJournalID = UUID().uuidString.lowercased()
  private var direct: [String: BreakGlassEvent] = [:]
  /// When each request that was not granted yet was tried. An attempt that failed for the caller may be
  /// recorded all the same; found later, it is news, not a replay.
  private var ungranted = Attempts(limit: memory)

  init(node: String, keeper: JournalKeeper, disk: JournalDisk, trail: BreakGlassTrail) {
    self.node = node
    self.keeper = keeper
    self.disk = disk
    self.trail = trail
  }

  typealias Requests = [(request: BreakGlassIssuance, moment: Timestamp)]

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
    for (request, moment) in requests { ungranted.note(request.requestID.value, at: moment) }
    let problem: JournalProblem
    do {
      return try await recordInJournal(requests).map { (granted($0), .journal) }
    } catch {
      problem = error
    }
    do {
      let outcomes = try await recordDirectly(requests)
      for case .recorded(let event, _) in outcomes where direct.count < Self.memory {
        direct[event.requestID] = event
      }
      return outcomes.map { (granted($0), .postgresql) }
    } catch {
      throw BreakGlassUnrecorded(
        journal: "\(problem)", postgres: error.ledgerReason)
    }
  }

  /// The outcome as it is granted: new, where the event is of an attempt that was not granted before.
  private func granted(_ outcome: BreakGlassOutcome) -> BreakGlassOutcome {
    guard case .recorded(let event, _) = outcome,
      let moments = ungranted.remove(event.requestID)
    else { return outcome }
    return .recorded(event, replayed: !moments.contains(event.occurredAt))
  }

  private func recordInJournal(
    _ requests: Requests
  ) async throws(JournalProblem) -> [BreakGlassOutcome] {
    let recorder = JournalRecorder(node: node, keeper: keeper)
    do {
      return try await disk.perform { try await recorder.record(requests) }
    } catch {
      throw JournalProblem(error, path: keeper.path)
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
