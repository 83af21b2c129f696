import TrustBudget

/// Evidence that the ledger and the file do not belong together, or that one of them was changed.
///
/// The file is kept as it is. A person decides.
package enum MirrorRefusal: Error, Hashable, Sendable {
  /// PostgreSQL holds another ledger than the file.
  case foreignLedger(found: String, expected: String)
  /// PostgreSQL's trail ends before the file's: a backup was restored, or a failover lost the end.
  case restored(missing: Int, newest: String)
  /// Entries are gone from the middle of PostgreSQL's trail.
  case entriesLost(missing: Int, first: String)
  /// Two entries with the same place in one budget's chain, and different hashes.
  case forked(budgetID: String, sequence: Int64)
  /// The same entry once more, in another place of the order.
  case repeated(budgetID: String, sequence: Int64)
  /// An entry whose predecessor never came.
  case gap(budgetID: String, sequence: Int64)
  /// An entry that does not follow from the one before it.
  case broken(Replay.Fault)
  /// The ledger's epoch is lower than the one that the file has seen.
  case epochWentBack(found: Int64, expected: Int64)
}

extension MirrorRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .foreignLedger(let found, let expected):
      "PostgreSQL holds the ledger \(found) and the audit file is of \(expected). Check where the "
        + "node connects to; if the change is meant, move the file away and a new one is made"
    case .restored(let missing, let newest):
      "PostgreSQL has lost the end of the trail: the audit file's newest entries, \(missing) of those "
        + "that were looked up, are not there, among them \(newest). A backup was restored, or a "
        + "failover lost them. \(MirrorRefusal.keep)"
    case .entriesLost(let missing, let first):
      "entries are missing in PostgreSQL's trail that the audit file has: \(missing) of those that were "
        + "looked up, the first is \(first), and newer ones are there. \(MirrorRefusal.keep)"
    case .forked(let budget, let sequence):
      "the trail has forked: \(budget) entry \(sequence) has one hash in the audit file and another in "
        + "PostgreSQL. One of the two was rewritten, or PostgreSQL was restored from a backup and went "
        + "on. \(MirrorRefusal.keep)"
    case .repeated(let budget, let sequence):
      "\(budget) entry \(sequence) came a second time, in another place of PostgreSQL's order. "
        + MirrorRefusal.keep
    case .gap(let budget, let sequence):
      "\(budget) entry \(sequence) is in PostgreSQL, and the one before it is not. \(MirrorRefusal.keep)"
    case .broken(let fault): "\(fault). \(MirrorRefusal.keep)"
    case .epochWentBack(let found, let expected):
      "PostgreSQL is in epoch \(found) and the audit file has seen epoch \(expected): an older backup was "
        + "restored. \(MirrorRefusal.keep)"
    }
  }

  private static let keep = """
    The file is kept as it is: it is evidence. Compare both (trust-budget audit verify --file FILE \
    --against URL), and when that is settled, move the file away; a new one is then made
    """
}
