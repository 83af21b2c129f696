import BudgetLedger

extension LedgerSettings {
  /// The most sessions that a node has open with PostgreSQL, all its parts together.
  var sessionsOfNode: Int {
    // One reads the tokens, one follows the trail. Break-glass has one that brings events from the
    // journal, and one for when the journal cannot be written.
    lanes + readers + 1 + 1 + 2
  }
}
