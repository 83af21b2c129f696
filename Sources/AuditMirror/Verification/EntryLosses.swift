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
        ? BudgetReplay.rewritten(first) : BudgetReplay.gone(first, last, after: end)
    }
  }

  private var losses: [String: Loss] = [:]
  /// Entries that never came.
  private(set) var strangers: [TrailFault] = []

  /// Goes through all receipts and, beside them, the entries in the order in which they were written.
  init(_ db: Database, _ report: inout TrailReport) throws {
    var entries = try ArrivedEntries(db)
    // Who tidies a file up after taking entries away gives all that follow a new place.
    var unmatched = UnmatchedEntries()
    var lastRow: Int64 = 0
    var isInPlace = true
    do {
      try EntryReceipts.forEach(db) { row, receipt in
        isInPlace = isInPlace && row == lastRow + 1
        lastRow = row
        while let next = entries.next, next.row < row {
          unmatched.add(next.receipt)
          try entries.advance()
        }
        guard let next = entries.next, next.row == row else {
          if entries.next != nil { return unmatched.add(awaiting: receipt) }
          // Nothing comes any more in which it might be found.
          let hash = unmatched.take(receipt.place)
          if hash != receipt.hash { note(receipt.place, isRewritten: hash != nil) }
          return
        }
        if next.receipt != receipt {
          unmatched.add(awaiting: receipt)
          unmatched.add(next.receipt)
        }
        try entries.advance()
      }
    } catch let error as InvalidValue {
      report.add(TrailFault(problem: "the receipts are not what was written: they \(error)"))
      return
    }
    while let next = entries.next, unmatched.hasRoom {
      unmatched.add(next.receipt)
      try entries.advance()
    }
    for place in unmatched.receipts.keys {
      note(place, isRewritten: unmatched.take(place) != nil)
    }
    strangers = unmatched.entries.keys.sorted()
      .prefix(TrailReport.keptFaults).map {
        TrailFault(
          $0.chain, sequence: $0.sequence,
          problem: "there is no receipt for it: it was put there, or the receipt is gone")
      }
    if !isInPlace, losses.isEmpty, strangers.isEmpty {
      report.add(
        TrailFault(problem: "the receipts do not stand where the entries do that they are of"))
    }
  }

  mutating func take(_ budgetID: String) -> Loss? { losses.removeValue(forKey: budgetID) }

  mutating func takeAll() -> [(String, Loss)] {
    defer { losses = [:] }
    return losses.sorted { $0.key < $1.key }
  }

  private mutating func note(_ place: TrailPlace, isRewritten: Bool) {
    let (budgetID, number) = (place.chain.name, place.sequence)
    guard var loss = losses[budgetID] else {
      losses[budgetID] = Loss(first: number, last: number, isRewritten: isRewritten)
      return
    }
    if number < loss.first { (loss.first, loss.isRewritten) = (number, isRewritten) }
    loss.last = max(loss.last, number)
    losses[budgetID] = loss
  }
}

/// Receipts and entries that were not found where the other one is, until they are.
private struct UnmatchedEntries {
  /// By their places, the hashes.
  private(set) var receipts: [TrailPlace: Digest] = [:]
  private(set) var entries: [TrailPlace: Digest] = [:]

  /// Whether more entries matter: each may be a receipt's, and some are told of.
  var hasRoom: Bool { entries.count < TrailReport.keptFaults || !receipts.isEmpty }

  /// - Parameter entry: nil for one with what is no value of ours.
  mutating func add(_ entry: EntryReceipt?) {
    guard let entry else { return }
    if receipts[entry.place] == entry.hash {
      receipts[entry.place] = nil
    } else {
      entries[entry.place] = entry.hash
    }
  }

  mutating func add(awaiting receipt: EntryReceipt) {
    if entries[receipt.place] == receipt.hash {
      entries[receipt.place] = nil
    } else {
      receipts[receipt.place] = receipt.hash
    }
  }

  mutating func take(_ place: TrailPlace) -> Digest? { entries.removeValue(forKey: place) }
}

/// The entries in the order in which they were written, as they would have to be in the receipts.
private struct ArrivedEntries {
  /// The next one, and its rowid; without a receipt where it holds what is no value of ours.
  private(set) var next: (row: Int64, receipt: EntryReceipt?)?
  private var rows: FileStatement

  init(_ db: Database) throws {
    rows = try FileStatement(db, EntryReceipt.ofEntries)
    try advance()
  }

  mutating func advance() throws {
    guard try rows.step() else {
      next = nil
      return
    }
    let row = try rows.number()
    next = (row, try? EntryReceipt(reading: &rows))
  }
}
