import GRDB
import TrustBudget

/// Whether a file's recorded heads are what its entries make of them, a budget after another.
///
/// The view `budgets` takes balances from them. They may be older than the newest entries, but not older
/// than the file says.
struct HeadCheck {
  private let through: Int64
  private var recorded: ChainHead?
  private var isUnreadable = false
  /// What the entries made of the budget when they were at the recorded one.
  private var found: ChainHead?
  /// The last entry that the head must know.
  private var lastKnown: Int64 = 0

  /// - Throws: `InvalidValue` where the file does not say how far its heads go.
  init(_ db: Database) throws {
    through = try BudgetHeads.through(db)
  }

  mutating func begin(_ budgetID: String, _ db: Database) throws {
    (found, lastKnown, isUnreadable) = (nil, 0, false)
    do {
      recorded = try BudgetHeads.recorded(budgetID, db)
    } catch is InvalidValue {
      (recorded, isUnreadable) = (nil, true)
    }
  }

  /// Takes the end of the chain as of an entry.
  mutating func note(_ head: ChainHead, at rowID: Int64) {
    if head.sequence == recorded?.sequence { found = head }
    if rowID <= through { lastKnown = max(lastKnown, head.sequence) }
  }

  /// What is wrong with the head, after the budget's last entry.
  var problem: String? {
    if isUnreadable { return "its recorded head is no value of ours" }
    guard let recorded else {
      return lastKnown == 0 ? nil : "there are entries, and its recorded head is gone"
    }
    guard recorded == found else { return "the recorded head is not what its entries make of it" }
    return recorded.sequence >= lastKnown
      ? nil : "the recorded head is that of entry \(recorded.sequence), and must be \(lastKnown)'s"
  }

  /// A head of no budget.
  static func stray(_ db: Database) throws -> TrailFault? {
    var row = try FileStatement(
      db,
      """
      SELECT CAST(budget_id AS TEXT) FROM budget_heads
      WHERE budget_id NOT IN (SELECT budget_id FROM budget_states) LIMIT 1
      """)
    return try row.first {
      TrailFault(.budget(try $0.text()), problem: "a head is recorded, and no budget")
    }
  }
}
