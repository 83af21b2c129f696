import GRDB
import TrustBudget

/// Replays a file's budgets, one after another, each from its first entry, and compares with what came and
/// with what is recorded of it.
struct BudgetReplay {
  private var check: EntryCheck
  private var awaited: Set<TrailPlace>
  private var faulty: Set<String> = []
  private var losses: EntryLosses
  private var heads: HeadCheck
  private var states: RecordedStates

  private var current = Current()

  /// The budget whose entries come.
  private struct Current {
    /// nil before the first.
    private(set) var name: String?
    var budget: Budget?
    var createdAt = Timestamp(microseconds: 0)
    private(set) var recorded: BudgetState?
    /// Why what is recorded is no value of ours.
    private(set) var unreadable: InvalidValue?
    /// What the entries made of the budget when they were at the recorded one.
    var found: BudgetState?
    var isFaulty = false

    init() {}

    init(_ name: String, _ state: RecordedStates.State?) {
      self.name = name
      switch state {
      case .success(let state): recorded = state
      case .failure(let problem): unreadable = problem
      case nil: break
      }
    }
  }

  init(_ summary: FileSummary, _ db: Database, _ report: inout TrailReport) throws {
    check = EntryCheck(ledgerID: summary.ledger.id)
    awaited = try FileVerification.awaited(MirroredEntry.self, db)
    heads = try HeadCheck(db)
    losses = try EntryLosses(db, &report)
    states = try RecordedStates(db)
  }

  /// Takes the next row, in the order of budgets and of their entries.
  mutating func take(
    _ row: Result<MirroredEntry, TrailFault>, at rowID: Int64, _ db: Database,
    _ report: inout TrailReport
  ) throws {
    switch row {
    case .failure(let fault):
      let name = fault.chain?.name ?? ""
      if name != current.name { try begin(name, db, &report) }
      if !current.isFaulty { report.add(fault) }
      current.isFaulty = true
    case .success(let row):
      let entry = row.entry
      if entry.budgetID.value != current.name {
        try begin(entry.budgetID.value, db, &report)
        current.createdAt = entry.occurredAt
      }
      if !current.isFaulty { follow(row, at: rowID, &report) }
    }
  }

  private mutating func follow(
    _ row: MirroredEntry, at rowID: Int64, _ report: inout TrailReport
  ) {
    let entry = row.entry
    // What came before its predecessor is verified when that has come.
    if entry.sequence > (current.budget?.lastSequence ?? 0) + 1, awaited.remove(row.place) != nil {
      report.unverifiable += 1
      return
    }
    do throws(TrailFault) {
      let next = try check.budget(current.budget, after: entry)
      current.budget = next
      if let head = next.head { heads.note(head, at: rowID) }
      // The view `budgets` takes all but the balance from the recorded state.
      if entry.sequence == current.recorded?.budget.lastSequence
        || !entry.kind.isAllInItsBalances
      {
        current.found = BudgetState(budget: next, createdAt: current.createdAt)
      }
    } catch {
      current.isFaulty = true
      report.add(TrailFault(row, error.problem))
    }
  }

  private mutating func begin(
    _ name: String, _ db: Database, _ report: inout TrailReport
  ) throws {
    end(&report)
    while let (missing, state) = try states.next(before: name) { note(missing, state, &report) }
    current = Current(name, try states.take(name))
    try heads.begin(name, db)
  }

  /// After the last entry of a budget.
  private mutating func end(_ report: inout TrailReport) {
    guard let name = current.name else { return }
    report.budgets += 1
    if current.isFaulty { faulty.insert(name) }
    let loss = losses.take(name)
    guard !current.isFaulty else { return }
    let last = current.budget.map { BudgetState(budget: $0, createdAt: current.createdAt) }
    if let problem = loss?.problem(after: current.budget?.lastSequence ?? 0)
      ?? current.unreadable.map({ "the recorded state holds what is no value of ours: \($0)" })
      ?? BudgetReplay.difference(current.found ?? last, current.recorded)
      ?? heads.problem
    {
      report.add(TrailFault(.budget(name), problem: problem))
    }
  }

  /// After the last entry of all: what is recorded of budgets and entries that are not there, and entries of
  /// which nothing is.
  mutating func finish(_ db: Database, _ report: inout TrailReport) throws {
    end(&report)
    for place in awaited.sorted() where !faulty.contains(place.chain.name) {
      report.add(TrailFault(waitingInVain: place))
    }
    while let (name, state) = try states.next() { note(name, state, &report) }
    if let stray = try HeadCheck.stray(db) { report.add(stray) }
    for (name, loss) in losses.takeAll() {
      report.add(TrailFault(.budget(name), problem: BudgetReplay.allGone(loss.last)))
    }
    for stranger in losses.strangers { report.add(stranger) }
  }

  /// A budget that has no entries.
  private mutating func note(
    _ name: String, _ state: RecordedStates.State, _ report: inout TrailReport
  ) {
    let last = losses.take(name)?.last ?? (try? state.get().budget.lastSequence)
    report.add(TrailFault(.budget(name), problem: BudgetReplay.allGone(last)))
  }

  /// Says how a budget's recorded state differs from what its entries make of it.
  private static func difference(_ found: BudgetState?, _ recorded: BudgetState?) -> String? {
    guard found != recorded else { return nil }
    guard let recorded else {
      return "there are entries, and the budget's recorded state is gone"
    }
    guard let found else { return allGone(recorded.budget.lastSequence) }
    let (last, head) = (found.budget.lastSequence, recorded.budget.lastSequence)
    if last < head { return gone(last + 1, head, after: last) }
    if last > head {
      return "the recorded state is that of entry \(head), and entry \(last) changed it"
    }
    if found.budget.lastHash != recorded.budget.lastHash { return rewritten(last) }
    return "the recorded state is not what its entries make of it"
  }

  static func gone(_ first: Int64, _ last: Int64, after end: Int64) -> String {
    first == last
      ? "entry \(last) is gone: the trail ends at \(end)"
      : "entries \(first) to \(last) are gone: the trail ends at \(end)"
  }

  static func rewritten(_ sequence: Int64) -> String {
    "entry \(sequence) was rewritten, and its hash with it: another hash is recorded"
  }

  private static func allGone(_ last: Int64?) -> String {
    "all its entries are gone\(last.map { "; the newest was entry \($0)" } ?? "")"
  }
}

/// The recorded states, in the order of the entries.
private struct RecordedStates {
  /// One that was read, or why it is no value of ours.
  typealias State = Result<BudgetState, InvalidValue>

  private var rows: FileStatement
  private var next: (name: String, state: State)?

  init(_ db: Database) throws {
    rows = try FileStatement(
      db,
      """
      SELECT CAST(budget_id AS TEXT), \(BudgetState.columns) FROM budget_states ORDER BY budget_id
      """)
    try advance()
  }

  /// The next one, if its budget comes before another.
  ///
  /// - Parameter end: nil for whichever comes.
  mutating func next(before end: String? = nil) throws -> (name: String, state: State)? {
    guard let next, end.map({ next.name.utf8.lexicographicallyPrecedes($0.utf8) }) ?? true else {
      return nil
    }
    try advance()
    return next
  }

  /// The state of a budget, once those before it are taken.
  mutating func take(_ name: String) throws -> State? {
    guard let next, next.name == name else { return nil }
    try advance()
    return next.state
  }

  private mutating func advance() throws {
    guard try rows.step() else {
      next = nil
      return
    }
    let name = (try? rows.text()) ?? ""
    rows.seek(1)
    do throws(InvalidValue) {
      next = (name, .success(try BudgetState(reading: &rows)))
    } catch {
      next = (name, .failure(error))
    }
  }
}
