import GRDB
import TrustBudget

/// Follows every budget's chain as entries come in.
///
/// A transaction gets its id when it locks its first row, and may then wait for another one. So an
/// entry may come before the one that it follows, even in an earlier window.
struct ChainFollower {
  /// So many budgets are kept in memory between transactions.
  private static let remembered = 8_192

  private final class Chain {
    var state: BudgetState?
    var isChanged = false

    init(_ state: BudgetState?) { self.state = state }
  }

  private var check: EntryCheck
  private var chains: [String: Chain] = [:]
  private var changed: [Chain] = []
  private var awaited: AwaitedRows<MirroredEntry>

  /// Goes on where the file ends.
  init(ledgerID: String, _ db: Database) throws {
    check = EntryCheck(ledgerID: ledgerID)
    awaited = try AwaitedRows(in: "awaited", db)
  }

  /// Takes an entry that is about to be written to the file.
  ///
  /// - Throws: `MirrorRefusal` where it doesn't fit.
  mutating func take(_ row: MirroredEntry, of window: TrailWindow, _ db: Database) throws {
    let entry = row.entry
    let name = entry.budgetID.value
    let chain = try chain(name, db)
    let last = chain.state?.budget.lastSequence ?? 0
    guard entry.sequence > last, !awaited.contains(entry.sequence, of: name) else {
      let isSame = try FileLookups.hash(name, entry.sequence, db) == entry.hash
      throw isSame ? MirrorRefusal.repeated(row.place) : MirrorRefusal.forked(row.place)
    }
    guard entry.sequence == last + 1 else {
      awaited.add(row, entry.sequence, of: name, window: window)
      return
    }
    try follow(entry, on: chain)
    while !awaited.isEmpty, let state = chain.state,
      let next = awaited.take(state.budget.lastSequence + 1, of: name)
    {
      try follow(next.entry, on: chain)
    }
  }

  /// - Throws: `MirrorRefusal.gap`.
  func endWindow(_ window: TrailWindow) throws { try awaited.endWindow(window) }

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
    try awaited.save(db)
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
