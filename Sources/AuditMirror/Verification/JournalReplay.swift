import GRDB
import TrustBudget

/// Replays a file's journals of break-glass events, each from its first event, and compares with what is
/// recorded of it.
struct JournalReplay {
  private(set) var events: Int64 = 0
  /// Of a part of the trail, which has no heads.
  private let isPart: Bool
  private var heads: [String: BreakGlassChain] = [:]
  private var awaited: Set<TrailPlace>
  private var chains: [String: BreakGlassChain] = [:]
  private var faulty: Set<String> = []

  init(_ summary: FileSummary, _ db: Database, _ report: inout TrailReport) throws {
    isPart = summary.filter != nil
    do {
      heads = try JournalFollower.heads(db)
    } catch let error as InvalidValue {
      report.add(TrailFault(problem: "the journals' heads hold what is no value of ours: \(error)"))
    }
    awaited = try FileVerification.awaited(MirroredEvent.self, db)
  }

  /// Takes the next row, in the order of journals and of their events.
  mutating func take(
    _ row: Result<MirroredEvent, TrailFault>, _ report: inout TrailReport
  ) {
    events += 1
    switch row {
    case .failure(let fault):
      let journal = fault.chain?.name ?? ""
      note(fault, journal, &report)
      chains[journal] = chains[journal] ?? BreakGlassChain(journalID: "")
    case .success(let row):
      let journal = row.event.journalID
      var chain = chains[journal] ?? BreakGlassChain(journalID: journal)
      if !faulty.contains(journal) { follow(row, &chain, &report) }
      chains[journal] = chain
    }
  }

  private mutating func follow(
    _ row: MirroredEvent, _ chain: inout BreakGlassChain, _ report: inout TrailReport
  ) {
    let event = row.event
    if event.sequence > chain.sequence + 1 {
      // What came before its predecessor is verified when that has come.
      if awaited.remove(row.place) != nil {
        report.unverifiable += 1
        return
      }
      // Of a part of the trail, what can be checked with the events that are there.
      if isPart {
        report.unverifiable += 1
        chain = BreakGlassChain(
          journalID: event.journalID, sequence: event.sequence, hash: event.hash)
        return
      }
    }
    do throws(TrailFault) {
      try chain.verify(event)
    } catch {
      note(TrailFault(row, error.problem), event.journalID, &report)
    }
  }

  /// Only the first fault of a journal is told.
  private mutating func note(
    _ fault: TrailFault, _ journal: String, _ report: inout TrailReport
  ) {
    if faulty.insert(journal).inserted { report.add(fault) }
  }

  /// After the last event of all: what waits for nothing that could come, and heads that do not fit.
  mutating func finish(_ report: inout TrailReport) {
    for place in awaited.sorted() where !faulty.contains(place.chain.name) {
      note(TrailFault(waitingInVain: place), place.chain.name, &report)
    }
    report.events = events
    report.journals = Int64(chains.count)
    let journals = isPart ? [] : Set(chains.keys).union(heads.keys)
    for journal in journals.subtracting(faulty).sorted() {
      if let problem = JournalReplay.difference(chains[journal], heads[journal]) {
        report.add(TrailFault(.journal(journal), problem: problem))
      }
    }
  }

  /// Says how a journal's recorded head differs from what its events make of it.
  private static func difference(
    _ found: BreakGlassChain?, _ recorded: BreakGlassChain?
  ) -> String? {
    // A chain of which all that is there waits for its beginning has no head yet.
    guard found != recorded, found?.sequence != 0 || recorded != nil else { return nil }
    guard let recorded else {
      return "there are events, and the file knows of no such journal: they were put there, or its "
        + "head is gone"
    }
    guard let found else {
      return "all its events are gone; the head is event \(recorded.sequence)"
    }
    let (last, head) = (found.sequence, recorded.sequence)
    if last < head {
      return last + 1 == head
        ? "event \(head) is gone: the trail ends at \(last)"
        : "events \(last + 1) to \(head) are gone: the trail ends at \(last)"
    }
    if last > head { return "the trail goes on to \(last), and the recorded head is \(head)" }
    return "event \(last) was rewritten, and its hash with it: the head has another hash"
  }
}
