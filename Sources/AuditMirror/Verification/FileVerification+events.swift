import GRDB
import TrustBudget

// The journals of break-glass events: every hash, and that nothing is gone.

extension FileVerification {
  func checkEvents(
    _ summary: FileSummary, _ db: Database, _ report: inout TrailReport,
    _ onProgress: (Int64) -> Void
  ) throws {
    var heads: [String: BreakGlassChain] = [:]
    do {
      heads = try JournalHeads.read(db)
    } catch let error as InvalidValue {
      report.add(TrailFault(problem: "the journals' heads hold what is no value of ours: \(error)"))
    }
    var awaited = try FileVerification.awaited(
      MirroredEvent.self, in: "break_glass_awaited", db)
    var chains: [String: BreakGlassChain] = [:]
    var faulty: Set<String> = []
    var events: Int64 = 0
    func note(_ fault: TrailFault, _ journal: String) {
      if faulty.insert(journal).inserted { report.add(fault) }
    }

    try FileVerification.eachRow(of: MirroredEvent.self, db) { _, row in
      events += 1
      onProgress(report.entries + events)
      switch row {
      case .failure(let unreadable):
        note(unreadable.fault, unreadable.chain)
        chains[unreadable.chain] = chains[unreadable.chain] ?? BreakGlassChain(journalID: "")
      case .success(let row):
        let event = row.event
        let journal = event.journalID
        var chain = chains[journal] ?? BreakGlassChain(journalID: journal)
        defer { chains[journal] = chain }
        guard !faulty.contains(journal) else { return }
        if event.sequence > chain.sequence + 1 {
          // What came before its predecessor is verified when that has come.
          if awaited.remove(row.place) != nil {
            report.unverifiable += 1
            return
          }
          // Of a part of the trail, what can be checked with the events that are there.
          if summary.filter != nil {
            report.unverifiable += 1
            chain = BreakGlassChain(
              journalID: journal, sequence: event.sequence, hash: event.hash)
            return
          }
        }
        do throws(TrailFault) {
          try chain.verify(event)
        } catch {
          note(TrailFault(row, error.problem), journal)
        }
      }
    }
    for place in awaited.sorted() where !faulty.contains(place.chain.name) {
      note(TrailFault(waitingInVain: place), place.chain.name)
    }
    report.events = events
    report.journals = Int64(chains.count)
    // A part of the trail has no heads.
    let journals = summary.filter == nil ? Set(chains.keys).union(heads.keys) : []
    for journal in journals.subtracting(faulty).sorted() {
      if let problem = FileVerification.difference(chains[journal], heads[journal]) {
        report.add(TrailFault(.journal(journal), problem: problem))
      }
    }
    if let said = summary.events?.rows, said != events {
      report.add(
        TrailFault(
          problem: "the file says that it holds \(said) break-glass events, and there are \(events)"
        ))
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
