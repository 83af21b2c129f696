import BudgetLedger
import GRDB
import TrustBudget

// Entries into the file, and back out of it.

/// Appends entries.
struct InsertEntry {
  private var statement: FileStatement
  // The entries of a batch share their moment.
  private var moment: (value: Timestamp, text: String)?

  init(_ db: Database) throws {
    statement = try FileStatement(
      db, "INSERT INTO audit_entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
  }

  mutating func run(_ row: MirroredEntry) throws {
    let entry = row.entry
    statement.put(row.entryID)
    statement.put(entry.epoch)
    statement.put(row.transactionID)
    statement.put(entry.budgetID.value)
    statement.put(entry.sequence)
    statement.put(entry.kind.rawValue)
    statement.put(entry.username)
    statement.put(entry.cost)
    statement.put(entry.balanceBefore)
    statement.put(entry.balanceAfter)
    statement.put(entry.requestID)
    statement.put(Int64(entry.part))
    statement.put(entry.rule)
    statement.put(entry.policyDigest)
    statement.put(entry.actor)
    statement.put(entry.node)
    statement.put(entry.detail)
    statement.put(text(of: entry.occurredAt))
    statement.put(entry.hash)
    try statement.run()
  }

  private mutating func text(of value: Timestamp) -> String {
    if let moment, moment.value == value { return moment.text }
    let text = value.sortableText
    moment = (value, text)
    return text
  }
}

extension MirroredEntry {
  static let fileColumns = """
    entry_id, transaction_id, epoch, budget_id, budget_seq, kind, username, cost, balance_before, \
    balance_after, request_id, part, rule, policy_digest, actor, node, detail, occurred_at, hash
    """

  init(reading row: inout FileStatement) throws(InvalidValue) {
    let entryID = try row.count()
    let transactionID = try row.count()
    let epoch = try row.count()
    let budgetID = try BudgetID(try row.text())
    let sequence = try row.count()
    let kind = try Entry.Kind(decoding: try row.text())
    let username = try row.optionalText()
    let cost = try row.number()
    let before = try row.number()
    let after = try row.number()
    let requestID = try row.optionalText()
    guard let part = Int16(exactly: try row.number()) else {
      throw InvalidValue("must be a small number (part)")
    }
    self.init(
      entryID: entryID, transactionID: transactionID,
      entry: Entry(
        epoch: epoch, budgetID: budgetID, sequence: sequence, kind: kind, username: username,
        cost: cost, balanceBefore: before, balanceAfter: after, requestID: requestID, part: part,
        rule: try row.optionalText(), policyDigest: try row.optionalDigest(),
        actor: try row.optionalText(), node: try row.text(), detail: try row.text(),
        occurredAt: try row.moment(), hash: try row.digest()))
  }
}
