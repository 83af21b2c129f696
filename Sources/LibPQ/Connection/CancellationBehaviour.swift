/// What becomes of a statement whose task is cancelled.
package enum CancellationBehaviour: Sendable {
  /// The server is asked to cancel it; it ends with an error of kind `cancelled`.
  case cancelStatement
  /// It goes on. A COMMIT must never be cancelled: its outcome would be unknown.
  case ignore
}
