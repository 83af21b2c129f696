/// Somebody uses the ledger's tables, and went on using them.
package struct LedgerInUse: Error, CustomStringConvertible {
  package let blockers: [Blocker]

  package var description: String {
    "The ledger's tables could not be locked, and nothing was changed. \(Blocker.sentence(blockers)) "
      + "End what uses them, an open transaction or a dump say, and try again."
  }
}
