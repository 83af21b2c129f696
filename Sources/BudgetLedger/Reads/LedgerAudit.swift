import LibPQ
import TrustBudget

/// Verifies a whole ledger: replays every budget's entries and compares the end with its row, and
/// follows every journal's chain of break-glass events.
///
/// The trail is read chain by chain: of however many budgets, one is in memory at a time.
package struct LedgerAudit {
  private let onProgress: (Int64, Int64) -> Void
  private var total: Int64 = 0
  private var report = TrailReport()

  /// - Parameters:
  ///   - session: in a transaction of REPEATABLE READ, unless nobody writes: entries and rows must be of
  ///     one moment.
  ///   - onProgress: gets how many rows are read, now and then, and how many there are.
  package static func report(
    on session: PostgresSession, onProgress: @escaping (Int64, Int64) -> Void = { _, _ in }
  ) throws -> TrailReport {
    var audit = LedgerAudit(onProgress: onProgress)
    try audit.run(on: session)
    return audit.report
  }

  private init(onProgress: @escaping (Int64, Int64) -> Void) {
    self.onProgress = onProgress
  }

  private mutating func run(on session: PostgresSession) throws {
    guard let ledger = try session.execute(ReadLedger()).first?.identity else {
      report.add(TrailFault(problem: "the ledger has no identity"))
      return
    }
    total = try session.executeOne(CountTrail())

    var check = EntryCheck(ledgerID: ledger.id)
    var budget: AuditedBudget?
    try session.stream(ReadTrail()) { row in
      if row.name != budget?.name {
        end(budget)
        budget = AuditedBudget(name: row.name, row: row.budget)
      }
      budget?.take(row.entry, of: ledger, &check, &report)
      report.entries += 1
      noteProgress()
    }
    end(budget)
    try session.stream(ReadBudgetsWithoutEntries()) { id in
      report.budgets += 1
      report.add(TrailFault(.budget(id), problem: "there is a budget and no entry"))
    }

    var journal: AuditedJournal?
    try session.stream(ReadBreakGlassTrail()) { row in
      if row.journalID != journal?.chain.journalID {
        journal = AuditedJournal(chain: BreakGlassChain(journalID: row.journalID))
        report.journals += 1
      }
      journal?.take(row.event, epoch: row.epoch, of: ledger, &report)
      report.events += 1
      noteProgress()
    }
  }

  private mutating func end(_ budget: AuditedBudget?) {
    guard let budget else { return }
    report.budgets += 1
    budget.end(&report)
  }

  private func noteProgress() {
    let rows = report.entries + report.events
    if rows.isMultiple(of: 10_000) { onProgress(rows, total) }
  }
}

/// A budget as its entries make it, one after another, until the first that cannot be.
private struct AuditedBudget {
  /// Its id, or what stands in its place.
  let name: String
  /// What is in its row; nil where there is none.
  let row: Result<Budget, TrailFault>?
  private var replayed: Budget?
  private var isFaulty = false

  init(name: String, row: Result<Budget, TrailFault>?) {
    self.name = name
    self.row = row
  }

  mutating func take(
    _ row: Result<Entry, TrailFault>, of ledger: LedgerIdentity, _ check: inout EntryCheck,
    _ report: inout TrailReport
  ) {
    guard !isFaulty else { return }
    do throws(TrailFault) {
      let entry = try row.get()
      replayed = try check.budget(replayed, after: entry)
      try ledger.requireBegun(entry.epoch, of: .budget(name), sequence: entry.sequence)
    } catch {
      isFaulty = true
      report.add(error)
    }
  }

  /// Compares the row with what all of the entries have made.
  func end(_ report: inout TrailReport) {
    let problem: String
    switch row {
    case nil:
      guard !isFaulty else { return }
      problem = "there are entries and no budget"
    case .failure(let fault): return report.add(fault)
    case .success(let row):
      guard !isFaulty, replayed != row else { return }
      let (last, head) = (replayed?.lastSequence ?? 0, row.lastSequence)
      problem =
        last < head
        ? "the trail ends at entry \(last), and the row is that of entry \(head)"
        : "the row is not what its entries make of it"
    }
    report.add(TrailFault(.budget(name), problem: problem))
  }
}

/// A journal's chain, until the first event that cannot follow.
private struct AuditedJournal {
  var chain: BreakGlassChain
  private var isFaulty = false

  init(chain: BreakGlassChain) {
    self.chain = chain
  }

  mutating func take(
    _ row: Result<BreakGlassEvent, TrailFault>, epoch: Int64, of ledger: LedgerIdentity,
    _ report: inout TrailReport
  ) {
    guard !isFaulty else { return }
    do throws(TrailFault) {
      let event = try row.get()
      try chain.verify(event)
      try ledger.requireBegun(epoch, of: .journal(chain.journalID), sequence: event.sequence)
    } catch {
      isFaulty = true
      report.add(error)
    }
  }
}

extension LedgerIdentity {
  /// - Throws: where a row is of an epoch that the ledger has not been in: nobody who follows the trail would
  ///   see it, or go on behind it.
  fileprivate func requireBegun(
    _ found: Int64, of chain: TrailChain, sequence: Int64
  ) throws(TrailFault) {
    guard !hasBegun(found) else { return }
    throw TrailFault(
      chain, sequence: sequence,
      problem: "it is of epoch \(found), and the ledger is in epoch \(epoch)")
  }
}

/// The whole trail, each budget's entries in their order; with its first one, the budget's row.
struct ReadTrail: PostgresStatement {
  struct Row {
    let name: String
    let entry: Result<Entry, TrailFault>
    let budget: Result<Budget, TrailFault>?
  }

  static let sql = """
    SELECT budget_id, \(Entry.columns), id IS NOT NULL, \(Budget.columnsButID)
    FROM trust_budget.audit_entries
    LEFT JOIN (SELECT budget_id AS id, \(Budget.columnsButID) FROM trust_budget.budgets) AS row
           ON id = budget_id AND budget_seq = 1
    ORDER BY budget_id, budget_seq
    """

  static func decode(_ row: inout PostgresRow) throws -> Row {
    let name = try row.next(String.self)
    let entry: Entry
    do {
      entry = try Entry(decoding: &row)
    } catch let fault as TrailFault {
      row.skipRest()
      return Row(name: name, entry: .failure(fault), budget: nil)
    }
    var budget: Result<Budget, TrailFault>?
    if try row.next(Bool.self) {
      do {
        budget = .success(try Budget(named: name, decoding: &row))
      } catch let fault as TrailFault {
        budget = .failure(fault)
      }
    }
    row.skipRest()
    return Row(name: name, entry: .success(entry), budget: budget)
  }
}

/// The budgets of which the trail knows nothing.
struct ReadBudgetsWithoutEntries: PostgresStatement {
  static let sql = """
    SELECT budget_id FROM trust_budget.budgets AS b
    WHERE NOT EXISTS
      (SELECT FROM trust_budget.audit_entries AS e WHERE e.budget_id = b.budget_id)
    ORDER BY budget_id
    """

  static func decode(_ row: inout PostgresRow) throws -> String {
    try row.next(String.self)
  }
}

/// How many entries and events there are, as the budgets' rows have it: to show progress.
struct CountTrail: PostgresStatement {
  static let sql = """
    SELECT least((SELECT coalesce(sum(last_seq), 0) FROM trust_budget.budgets), 1::bigint << 60)::bigint
           + (SELECT count(*) FROM trust_budget.break_glass_events)
    """

  static func decode(_ row: inout PostgresRow) throws -> Int64 {
    try row.next(Int64.self)
  }
}
