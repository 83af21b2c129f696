/// How a node's break-glass path is, for readiness.
package struct BreakGlassStatus: Hashable, Sendable {
  package let journalPath: String
  /// nil: no journal is open.
  package let journalID: String?
  /// Why the journal cannot be written.
  package let journalProblem: String?
  /// Events that have not reached PostgreSQL, as far as is known; nil: no journal is open.
  package let unforwarded: Int64?
  let obstacle: BreakGlassForwarder.Obstacle?

  /// Whether PostgreSQL has another history of the journal than the journal.
  package var isForked: Bool { if case .forked = obstacle { true } else { false } }

  /// Why events do not reach PostgreSQL; nil: they do.
  package var forwardingProblem: String? {
    switch obstacle {
    case nil: nil
    case .unavailable(let reason): reason
    case .forked(let fork): "\(fork)"
    }
  }
}
