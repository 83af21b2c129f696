import GRDB
import TrustBudget

/// The ends of the budgets' chains: in `budget_heads`, and those that moved lately in memory, too.
///
/// Charges come to all budgets in turn. A row written with each entry, or an index of entries by
/// budget, would cost a page of the file for every one, and an entry takes a tenth of a page. So what many
/// entries have moved is written together, in the order of the table, and a part of it at a time.
struct BudgetHeads {
  /// As many as a table of 2^17 places takes before it grows, some 10 MB.
  static let usualCapacity = 98_304
  /// What so many entries have moved is written together. While that is done, half as many more come: there
  /// is always room.
  static let usualInterval: Int64 = 32_768

  private struct Remembered {
    let budgetID: String
    var head: ChainHead
    var isWritten = false
  }

  private let capacity: Int
  private let interval: Int64
  private var remembered: [Remembered] = []
  /// Where in `remembered` a budget is.
  private var places: [String: Int] = [:]
  /// Where the last one was forgotten: the next one is behind it. Were it each time the first in the order of
  /// `places`, that table would empty at its beginning and fill up behind, until it took all names to find one.
  private var turn = -1
  /// Whose are still to be written, the next one last.
  private var waiting: [Int] = []
  /// Once they are, the table has what the entries up to this row have moved.
  private var waitingThrough: Int64 = 0
  private var writtenThrough: Int64
  private var savedThrough: Int64
  /// Budgets whose head moved on to an entry that had waited. Its row may lie before `heads_through`, where
  /// `catchUp` would not find it after a crash: written with the transaction.
  private var late: Set<Int> = []

  /// Goes on where the file ends.
  init(
    capacity: Int = usualCapacity, interval: Int64 = usualInterval, _ db: Database
  ) throws {
    self.capacity = max(1, capacity)
    self.interval = interval
    savedThrough = try BudgetHeads.through(db)
    writtenThrough = try BudgetHeads.catchUp(from: savedThrough, db)
  }

  var count: Int { remembered.count }

  /// The end of a budget's chain; nil where the budget is new.
  func head(of budgetID: String, _ db: Database) throws -> ChainHead? {
    if let place = places[budgetID] { return remembered[place].head }
    return try BudgetHeads.recorded(budgetID, db)
  }

  /// - Parameter isLate: whether it moves on to an entry that has waited for the one before it.
  mutating func move(_ budgetID: String, to head: ChainHead, isLate: Bool = false) {
    let moved = Remembered(budgetID: budgetID, head: head)
    let place = places[budgetID] ?? newPlace(for: budgetID)
    if place == remembered.count { remembered.append(moved) } else { remembered[place] = moved }
    if isLate { late.insert(place) }
  }

  private mutating func newPlace(for budgetID: String) -> Int {
    let place = remembered.count < capacity ? nil : forgetOne()
    places[budgetID] = place ?? remembered.count
    return place ?? remembered.count
  }

  /// - Returns: where one that is written was; nil where none is.
  private mutating func forgetOne() -> Int? {
    for _ in remembered.indices {
      turn = (turn + 1) % remembered.count
      guard remembered[turn].isWritten else { continue }
      places[remembered[turn].budgetID] = nil
      return turn
    }
    return nil
  }

  // MARK: - Writing

  /// Writes a part of what entries have moved, if there are enough of them.
  ///
  /// - Parameter row: the rowid of the last entry.
  mutating func write(_ count: Int, through row: Int64, _ db: Database) throws {
    if waiting.isEmpty {
      guard row - writtenThrough >= interval else { return }
      gather(through: row)
    }
    try writeWaiting(count, db)
  }

  /// Writes all that entries have moved.
  mutating func writeAll(through row: Int64, _ db: Database) throws {
    gather(through: row)
    try writeWaiting(waiting.count, db)
  }

  /// Writes what must not wait when a transaction ends, and how far the table goes.
  mutating func save(_ db: Database) throws {
    if !late.isEmpty {
      var put = try PutBudgetHead(db)
      for place in late { try write(place, &put) }
    }
    late.removeAll()
    guard writtenThrough != savedThrough else { return }
    var meta = try FileStatement(db, "UPDATE meta SET heads_through = ?")
    meta.put(writtenThrough)
    try meta.run()
    savedThrough = writtenThrough
  }

  private mutating func gather(through row: Int64) {
    waiting = remembered.indices.filter { !remembered[$0].isWritten }
      .sorted { remembered[$0].budgetID > remembered[$1].budgetID }
    waitingThrough = row
  }

  private mutating func writeWaiting(_ count: Int, _ db: Database) throws {
    var put = try PutBudgetHead(db)
    for _ in 0..<min(count, waiting.count) { try write(waiting.removeLast(), &put) }
    if waiting.isEmpty { writtenThrough = waitingThrough }
  }

  private mutating func write(_ place: Int, _ put: inout PutBudgetHead) throws {
    guard !remembered[place].isWritten else { return }
    try put.run(remembered[place].head, of: remembered[place].budgetID)
    remembered[place].isWritten = true
  }
}

/// Writes the end of a budget's chain.
private struct PutBudgetHead {
  private var statement: FileStatement

  init(_ db: Database) throws {
    statement = try FileStatement(db, "INSERT OR REPLACE INTO budget_heads VALUES (?,?,?,?)")
  }

  mutating func run(_ head: ChainHead, of budgetID: String) throws {
    statement.put(budgetID)
    statement.put(head.sequence)
    statement.put(head.hash)
    statement.put(head.balance)
    try statement.run()
  }
}

// MARK: - The table

extension BudgetHeads {
  /// The last row of the entries that the table surely knows.
  static func through(_ db: Database) throws -> Int64 {
    var row = try FileStatement(db, "SELECT heads_through FROM meta")
    return try row.first { try $0.count() } ?? 0
  }

  /// - Throws: `InvalidValue` for what is the end of no chain: in a file that somebody has changed it may be
  ///   anything, and the next entry is reckoned on it.
  static func recorded(_ budgetID: String, _ db: Database) throws -> ChainHead? {
    var row = try FileStatement(
      db, "SELECT last_seq, last_hash, balance FROM budget_heads WHERE budget_id = ?")
    row.put(budgetID)
    let head = try row.first {
      ChainHead(sequence: try $0.count(), hash: try $0.digest(), balance: try $0.number())
    }
    guard let head else { return nil }
    guard ChainHead.balances.contains(head.balance) else {
      throw InvalidValue("must be a budget's balance (budget_heads); this is \(head.balance)")
    }
    return head
  }

  /// Brings the table up to the file's end.
  ///
  /// - Returns: the last row that it knows then.
  private static func catchUp(from row: Int64, _ db: Database) throws -> Int64 {
    // Entries that wait for one before them, and those after them, are no part of a chain yet.
    try db.execute(
      sql: """
        INSERT INTO budget_heads
          SELECT budget_id, max(budget_seq), hash, balance_after FROM audit_entries AS e
          WHERE rowid > ? AND NOT EXISTS (SELECT * FROM awaited AS a
                                          WHERE a.budget_id = e.budget_id
                                            AND a.budget_seq <= e.budget_seq)
          GROUP BY budget_id
        ON CONFLICT (budget_id) DO UPDATE
          SET last_seq = excluded.last_seq, last_hash = excluded.last_hash, balance = excluded.balance
          WHERE excluded.last_seq > last_seq
        """,
      arguments: [row])
    return try FileRows<MirroredEntry>.last(db)
  }
}
