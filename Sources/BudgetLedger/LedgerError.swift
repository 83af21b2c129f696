/// Why the ledger gave no answer. In every case asking again with the same request id is safe.
package enum LedgerError: Error, Hashable, Sendable {
  /// PostgreSQL could not be asked; nothing was taken.
  case unavailable(reason: String)
  /// The node has more to do than it may queue, or the request waited too long; nothing was taken.
  case overloaded(reason: String)
  /// The connection was lost once COMMIT may have left, and the answer could not be found out in
  /// time: the points are taken or they are not. The same request id tells which.
  case outcomeUnknown(reason: String)
  /// The caller gave up, or hung up, before its batch began; nothing was taken.
  case cancelled
  /// PostgreSQL refused this one request for a reason that asking again will not change.
  case refused(reason: String)
}

extension LedgerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let reason): "The ledger is unavailable: \(reason)"
    case .overloaded(let reason): "The node is overloaded: \(reason)"
    case .outcomeUnknown(let reason): "The outcome is unknown: \(reason)"
    case .cancelled: "The request was given up before it was decided."
    case .refused(let reason): "The ledger refused the request: \(reason)"
    }
  }
}
