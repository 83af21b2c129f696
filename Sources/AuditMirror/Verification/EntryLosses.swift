import GRDB
import TrustBudget

/// Entries that came, by a file's receipts, and are not there as they came.
struct EntryLosses {
  /// Of one budget.
  struct Loss {
    /// The first entry that is gone, or was rewritten.
    var first: Int64
    var last: Int64
    var isRewritten: Bool

    /// - Parameter end: the last entry of the chain, as far as it verifies.
    func problem(after end: Int64) -> String {
      isRewritten
        ? FileVerification.rewritten(first) : FileVerification.gone(first, last, after: end)
    }
  }

  private var losses: [String: Loss] = [:]
  /// Entries that never came.
  private(set) var strangers: [FileFault] = []

  init() {}

  /// Goes through all receipts and, beside them, the entries in the order in which they were written.
  init(_ db: Database, _ report: inout FileReport) throws {
    var entries = try ArrivedEntries(db)
    do {
      try Receipts.forEach(db) { row, receipt in
        while let next = entries.next, next.row < row { try entries.advance() }
        if let next = entries.next, next.row == row {
          let isSame = next.receipt == receipt
          try entries.advance()
          if isSame { return }
        }
        // It is not where it was written. Who tidies the file up afterwards gives every row a new place.
        note(receipt, found: try EntryLosses.hash(of: receipt, db))
      }
    } catch let error as InvalidValue {
      report.add(FileFault(problem: "the receipts are not what was written: they \(error)"))
      return
    }
    while let next = entries.next, strangers.count < FileReport.keptFaults {
      if let receipt = next.receipt {
        strangers.append(
          FileFault(
            .budget(receipt.budgetID), sequence: receipt.sequence,
            problem: "there is no receipt for it: it was put there, or the receipt is gone"))
      }
      try entries.advance()
    }
  }

  mutating func take(_ budgetID: String) -> Loss? { losses.removeValue(forKey: budgetID) }

  mutating func takeAll() -> [(String, Loss)] {
    defer { losses = [:] }
    return losses.sorted { $0.key < $1.key }
  }

  /// - Parameter hash: that of the entry now; nil where it is gone.
  private mutating func note(_ receipt: Receipt, found hash: Digest?) {
    guard hash != receipt.hash else { return }
    let number = receipt.sequence
    guard var loss = losses[receipt.budgetID] else {
      losses[receipt.budgetID] = Loss(first: number, last: number, isRewritten: hash != nil)
      return
    }
    if number < loss.first { (loss.first, loss.isRewritten) = (number, hash != nil) }
    loss.last = max(loss.last, number)
    losses[receipt.budgetID] = loss
  }

  private static func hash(of receipt: Receipt, _ db: Database) throws -> Digest? {
    do {
      return try FileLookups.hash(receipt.budgetID, receipt.sequence, db)
    } catch is InvalidValue {
      // What it holds is no hash, and so not the one that came.
      return .zero
    }
  }
}

/// The entries in the order in which they were written, as they would have to be in the receipts.
private struct ArrivedEntries {
  /// The next one, and its rowid; without a receipt where it holds what is no value of ours.
  private(set) var next: (row: Int64, receipt: Receipt?)?
  private var rows: FileStatement

  init(_ db: Database) throws {
    rows = try FileStatement(db, Receipt.ofEntries)
    try advance()
  }

  mutating func advance() throws {
    guard try rows.step() else {
      next = nil
      return
    }
    let row = try rows.number()
    next = (row, try? Receipt(reading: &rows))
  }
}
