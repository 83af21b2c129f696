import GRDB
import TrustBudget

/// Follows every budget's chain as entries come in.
///
/// The order of transactions is not the order of a budget's numbers: a transaction gets its id when
/// it locks its first row, and may then wait for another one. So an entry may come before the one
/// that it follows, even in an earlier window; it then waits for it here.
struct ChainFollower {
  /// So many budgets are kept in memory between transactions.
  private static let remembered = 16_384

  private struct Awaited {
    let entry: Entry
    let epoch: Int64
    /// The one before it is there when every transaction below this is over.
    let horizon: Int64
  }

  private final class Chain {
    var state: BudgetState?
    var isChanged = false

    init(_ state: BudgetState?) { self.state = state }
  }

  private var check: EntryCheck
  private var chains: [String: Chain] = [:]
  private var changed: [Chain] = []
  private var awaited: [String: [Int64: Awaited]] = [:]
  private var isAwaitedChanged = false

  /// Goes on where the file ends.
  init(ledgerID: String, _ db: Database) throws {
    check = EntryCheck(ledgerID: ledgerID)
    var rows = try FileStatement(
      db,
      """
      SELECT a.epoch, a.horizon, \(MirroredEntry.fileColumns.qualified("e"))
      FROM awaited AS a JOIN audit_entries AS e USING (budget_id, budget_seq)
      """)
    while try rows.step() {
      let epoch = try rows.number()
      let horizon = try rows.number()
      let entry = try MirroredEntry(reading: &rows).entry
      awaited[entry.budgetID.value, default: [:]][entry.sequence] = Awaited(
        entry: entry, epoch: epoch, horizon: horizon)
    }
  }

  /// Takes an entry that is about to be written to the file.
  ///
  /// - Throws: `MirrorRefusal` where it doesn't fit.
  mutating func take(_ entry: Entry, of window: TrailWindow, _ db: Database) throws {
    let name = entry.budgetID.value
    let chain = try chain(name, db)
    let last = chain.state?.budget.lastSequence ?? 0
    guard entry.sequence > last, awaited[name]?[entry.sequence] == nil else {
      let isSame = try FileLookups.hash(name, entry.sequence, db) == entry.hash
      throw isSame
        ? MirrorRefusal.repeated(budgetID: name, sequence: entry.sequence)
        : MirrorRefusal.forked(budgetID: name, sequence: entry.sequence)
    }
    guard entry.sequence == last + 1 else {
      awaited[name, default: [:]][entry.sequence] = Awaited(
        entry: entry, epoch: window.ledger.epoch, horizon: window.nextTransaction)
      isAwaitedChanged = true
      return
    }
    try follow(entry, on: chain)
    while !awaited.isEmpty, let state = chain.state,
      let next = awaited[name]?.removeValue(forKey: state.budget.lastSequence + 1)
    {
      if awaited[name]?.isEmpty == true { awaited[name] = nil }
      isAwaitedChanged = true
      try follow(next.entry, on: chain)
    }
  }

  /// Once all of a window has come: whether everything is there that must be.
  ///
  /// - Throws: `MirrorRefusal.gap`.
  func endWindow(_ window: TrailWindow) throws {
    for (name, entries) in awaited {
      for (sequence, awaited) in entries
      where awaited.epoch < window.ledger.epoch || awaited.horizon <= window.horizon {
        throw MirrorRefusal.gap(budgetID: name, sequence: sequence)
      }
    }
  }

  /// Whether entries wait for others.
  var isWaiting: Bool { !awaited.isEmpty }

  /// Writes what has changed.
  mutating func save(_ db: Database) throws {
    var put = try PutBudgetState(db)
    // In their order, each page of the table is touched once.
    let states = changed.compactMap { chain -> (String, BudgetState)? in
      chain.isChanged = false
      return chain.state.map { ($0.budget.id.value, $0) }
    }
    for (_, state) in states.sorted(by: { $0.0 < $1.0 }) { try put.run(state) }
    changed.removeAll(keepingCapacity: true)
    if chains.count > ChainFollower.remembered { chains.removeAll(keepingCapacity: true) }
    guard isAwaitedChanged else { return }
    try db.execute(sql: "DELETE FROM awaited")
    var insert = try FileStatement(db, "INSERT INTO awaited VALUES (?,?,?,?)")
    for (name, entries) in awaited {
      for (sequence, awaited) in entries {
        insert.put(name)
        insert.put(sequence)
        insert.put(awaited.epoch)
        insert.put(awaited.horizon)
        try insert.run()
      }
    }
    isAwaitedChanged = false
  }

  private mutating func chain(_ name: String, _ db: Database) throws -> Chain {
    if let chain = chains[name] { return chain }
    let chain = Chain(try FileLookups.state(name, db))
    chains[name] = chain
    return chain
  }

  private mutating func follow(_ entry: Entry, on chain: Chain) throws {
    let next: Budget
    do {
      next = try check.budget(chain.state?.budget, after: entry)
    } catch {
      throw MirrorRefusal.broken(error)
    }
    if chain.state == nil {
      chain.state = BudgetState(budget: next, createdAt: entry.occurredAt)
    } else {
      chain.state?.budget = next
    }
    if !chain.isChanged {
      chain.isChanged = true
      changed.append(chain)
    }
  }
}

extension String {
  /// A list of columns, each with the table's name in front.
  func qualified(_ table: String) -> String {
    split(separator: ", ").map { "\(table).\($0)" }.joined(separator: ", ")
  }
}

/// Single rows of the file.
enum FileLookups {
  static func state(_ budgetID: String, _ db: Database) throws -> BudgetState? {
    var row = try FileStatement(
      db, "SELECT \(BudgetState.columns) FROM budget_states WHERE budget_id = ?")
    row.put(budgetID)
    defer { row.reset() }
    return try row.step() ? BudgetState(reading: &row) : nil
  }

  static func hash(_ budgetID: String, _ sequence: Int64, _ db: Database) throws -> Digest? {
    var row = try FileStatement(
      db, "SELECT hash FROM audit_entries WHERE budget_id = ? AND budget_seq = ?")
    row.put(budgetID)
    row.put(sequence)
    defer { row.reset() }
    return try row.step() ? row.digest() : nil
  }
}
