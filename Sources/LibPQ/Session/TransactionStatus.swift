/// Where a session is with respect to transactions.
package enum TransactionStatus: Sendable {
  /// In none.
  case idle
  /// In one that works.
  case open
  /// In one that an error has ended: only ROLLBACK is left.
  case failed
  /// The connection is bad.
  case unknown
}
