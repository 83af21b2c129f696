import TrustBudget

/// Evidence that the ledger and the file do not belong together, or that one of them was changed.
///
/// The file is kept as it is. A person decides.
package enum MirrorRefusal: Error, Hashable, Sendable {
  /// PostgreSQL holds another ledger than the file.
  case foreignLedger(found: String, expected: String)
  /// PostgreSQL's trail ends before the file's: a backup was restored, or a failover lost the end.
  case restored(missing: Int, newest: TrailPlace)
  /// Rows are gone from the middle of PostgreSQL's trail.
  case rowsLost(missing: Int, first: TrailPlace)
  /// Two rows with the same place in one chain that do not say the same.
  case forked(TrailPlace)
  /// The same entry once more, in another place of the order.
  case repeated(TrailPlace)
  /// A row whose predecessor never came, or is not in the file any more.
  case gap(TrailPlace)
  /// A row that does not follow from the one before it.
  case broken(TrailFault)
  /// The file does not have what was written to it, where it was written.
  case fileChanged(String)
  /// The file's tables and views are not those that it was made with.
  case redefined(String)
  /// The ledger's epoch is lower than the one that the file has seen.
  case epochWentBack(found: Int64, expected: Int64)
  /// There are rows of an epoch that the ledger has not been in.
  case unbegunEpoch(found: Int64, ledger: Int64)
}

extension MirrorRefusal {
  /// A row that the file's heads know, and that is not there: PostgreSQL has it, and that is no fork.
  static func gone(_ place: TrailPlace) -> MirrorRefusal {
    .fileChanged("\(place) was in it, and is not any more")
  }
}

extension MirrorRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .foreignLedger:
      "\(problem). Check where the node connects to; if the change is meant, move the "
        + "file away and a new one is made"
    case .unbegunEpoch:
      "\(problem). docs/dba.md has the query that finds them; the ledger's owner takes them out"
    default:
      """
      \(problem). The file is kept as it is: it is evidence. Compare both (trust-budget audit verify \
      --file FILE --against URL), and when that is settled, move the file away; a new one is then made
      """
    }
  }

  /// What is wrong with a trail that is exported from PostgreSQL: there is no file yet that could be
  /// compared, or kept.
  var problemOfExport: String {
    switch self {
    case .gap(let place): "\(place) is in PostgreSQL, and the one before it is not"
    case .forked(let place), .repeated(let place): "\(place) is in PostgreSQL twice"
    default: problem
    }
  }

  private var problem: String {
    switch self {
    case .foreignLedger(let found, let expected):
      "PostgreSQL holds the ledger \(found) and the audit file is of \(expected)"
    case .restored(let missing, let newest) where newest.chain.isJournal:
      "PostgreSQL has lost the audit file's newest break-glass events, \(missing) of those that were "
        + "looked up, among them \(newest). Its node sends it again if it still has its journal, and "
        + "then this is over; else a backup was restored, a failover lost them, or somebody deleted them"
    case .restored(let missing, let newest):
      "PostgreSQL has lost the end of the trail: the audit file's newest entries, \(missing) of those "
        + "that were looked up, are not there, among them \(newest). A backup was restored, or a "
        + "failover lost them"
    case .rowsLost(let missing, let first):
      "\(first.chain.isJournal ? "break-glass events" : "entries") are missing in PostgreSQL's trail "
        + "that the audit file has: \(missing) of those that were looked up, the first is \(first), and "
        + "newer ones are there"
    case .forked(let place):
      "the trail has forked: \(place) is one thing in the audit file and another in PostgreSQL. One of "
        + "the two was rewritten, or PostgreSQL was restored from a backup and went on"
    case .repeated(let place):
      "\(place) came a second time, in another place of PostgreSQL's order"
    case .gap(let place):
      "\(place) is in PostgreSQL, and the one before it is not in the audit file: PostgreSQL has lost "
        + "it, or somebody took it out of the file"
    case .broken(let fault): "\(fault)"
    case .fileChanged(let problem):
      "the audit file's rows are not as they were written: somebody took some out, or put some in "
        + "(\(problem))"
    case .redefined(let problem):
      "the audit file's tables and views are not those that it was made with: \(problem)"
    case .epochWentBack(let found, let expected):
      "PostgreSQL is in epoch \(found) and the audit file has seen epoch \(expected): an older backup "
        + "was restored"
    case .unbegunEpoch(let found, let ledger):
      "PostgreSQL has rows of epoch \(found), and the ledger is in epoch \(ledger): somebody wrote them by "
        + "hand, and nobody can follow the trail with them"
    }
  }
}
