/// The ledger is not the one that a session was checked with. Whatever it was to write is not written.
struct LedgerRewritten: Error, CustomStringConvertible {
  var description: String {
    "the ledger is another one, or in another epoch, or restored, or was noted to live elsewhere, since this "
      + "session looked at it"
  }
}
