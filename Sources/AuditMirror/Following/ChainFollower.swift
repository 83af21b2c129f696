import GRDB
import TrustBudget

/// Follows every budget's chain as entries come in.
///
/// A transaction gets its id when it locks its first row, and may then wait for another one. So an
/// entry may come before the one that it follows, even in an earlier window.
struct ChainFollower {
  private var check: EntryCheck
  private var heads: BudgetHeads
  /// States that are not written yet, of budgets with an allocation, reset, adjustment or refund.
  private var changed: [String: BudgetState] = [:]
  /// So many are kept to be written together, at most.
  private static let changesTogether = 4_096
  private var awaited: AwaitedRows<MirroredEntry>

  /// Goes on where the file ends.
  ///
  /// - Parameter headsInterval: how many entries share a writing of the chains' ends.
  init(ledgerID: String, headsInterval: Int64, _ db: Database) throws {
    check = EntryCheck(ledgerID: ledgerID)
    awaited = try AwaitedRows(db)
    heads = try BudgetHeads(interval: headsInterval, db)
  }

  /// Takes an entry that is about to be written to the file.
  ///
  /// - Throws: `MirrorRefusal` where it doesn't fit.
  mutating func take(_ row: MirroredEntry, of window: TrailWindow, _ db: Database) throws {
    let entry = row.entry
    let name = entry.budgetID.value
    var head = try heads.head(of: name, db)
    let last = head?.sequence ?? 0
    guard entry.sequence > last, !awaited.contains(entry.sequence, of: name) else {
      guard let known = try ChainFollower.hash(name, entry.sequence, db) else {
        throw MirrorRefusal.gone(row.place)
      }
      throw known == entry.hash ? MirrorRefusal.repeated(row.place) : .forked(row.place)
    }
    guard entry.sequence == last + 1 else {
      awaited.add(row, entry.sequence, of: name, window: window)
      return
    }
    try follow(entry, from: &head, db)
    while !awaited.isEmpty, let last = head?.sequence,
      let next = awaited.take(last + 1, of: name)
    {
      try follow(next.entry, from: &head, db)
    }
    if let head { heads.move(name, to: head, isLate: head.sequence > entry.sequence) }
  }

  /// Writes a part of what has changed, beside a page of entries that ends at a row.
  mutating func endPage(_ count: Int, at row: Int64, _ db: Database) throws {
    try heads.write(2 * count, through: row, db)
  }

  /// Writes all that has changed, after the last entry of a file that is to be taken away.
  mutating func finish(at row: Int64, _ db: Database) throws {
    try heads.writeAll(through: row, db)
    try save(db)
  }

  /// - Throws: `MirrorRefusal.gap`.
  func endWindow(_ window: TrailWindow) throws { try awaited.endWindow(window) }

  /// Whether entries wait for others.
  var isWaiting: Bool { !awaited.isEmpty }

  /// Writes what has changed.
  mutating func save(_ db: Database) throws {
    try saveChanges(db)
    try awaited.save(db)
    try heads.save(db)
  }

  private mutating func saveChanges(_ db: Database) throws {
    var put = try PutBudgetState(db)
    // In their order, each page of the table is touched once.
    for (_, state) in changed.sorted(by: { $0.key < $1.key }) { try put.run(state) }
    changed.removeAll(keepingCapacity: true)
  }

  private mutating func follow(
    _ entry: Entry, from head: inout ChainHead?, _ db: Database
  ) throws {
    do {
      if entry.kind.isAllInItsBalances {
        head = try check.head(head, after: entry)
      } else {
        let name = entry.budgetID.value
        let state = try changed[name] ?? ChainFollower.state(name, db)
        let before = state.flatMap { state in head.map { state.budget.moved(to: $0) } }
        let budget = try check.budget(before, after: entry)
        changed[name] = BudgetState(
          budget: budget, createdAt: state?.createdAt ?? entry.occurredAt)
        head = budget.head
        if changed.count == ChainFollower.changesTogether { try saveChanges(db) }
      }
    } catch let fault as TrailFault {
      throw MirrorRefusal.broken(fault)
    }
  }

  private static func state(_ budgetID: String, _ db: Database) throws -> BudgetState? {
    var row = try FileStatement(
      db, "SELECT \(BudgetState.columns) FROM budget_states WHERE budget_id = ?")
    row.put(budgetID)
    return try row.first { try BudgetState(reading: &$0) }
  }

  /// The hash of an entry, if there is one. It is looked for from the newest on: there is no index for it.
  private static func hash(_ budgetID: String, _ sequence: Int64, _ db: Database) throws -> Digest?
  {
    var row = try FileStatement(
      db,
      """
      SELECT hash FROM audit_entries WHERE budget_id = ? AND budget_seq = ?
      ORDER BY rowid DESC LIMIT 1
      """)
    row.put(budgetID)
    row.put(sequence)
    return try row.first { try $0.digest() }
  }
}
