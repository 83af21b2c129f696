import BudgetLedger
import TrustBudget

/// How a node's mirror is doing, for readiness, the metrics and the log.
package struct MirrorStatus: Sendable {
  package enum State: Hashable, Sendable {
    case starting
    /// Rows are being read that were committed a while ago.
    case catchingUp
    /// Everything that can be read is in the file.
    case following
    /// PostgreSQL or the file cannot be reached; it is tried again.
    case waiting(reason: String)
    /// Evidence that needs a person; the file is kept.
    case refused(reason: String)
    case stopped

    /// The word for readiness and logs.
    package var name: String {
      switch self {
      case .starting: "starting"
      case .catchingUp: "catching_up"
      case .following: "following"
      case .waiting: "waiting"
      case .refused: "refused"
      case .stopped: "stopped"
      }
    }

    /// Whether the file follows the trail, or is on its way to.
    package var isUp: Bool { self == .following || self == .catchingUp }

    package var problem: String? {
      switch self {
      case .waiting(let reason), .refused(let reason): reason
      case .starting, .catchingUp, .following, .stopped: nil
      }
    }
  }

  package internal(set) var state = State.starting
  /// The id of the ledger that the file is of, known before PostgreSQL can be asked; nil where there is no file.
  package internal(set) var ledger: String?
  /// Entries in the file.
  package internal(set) var entries: Int64?
  /// Break-glass events in the file.
  package internal(set) var events: Int64?
  /// The session that keeps the horizon back, when it has done so for a while.
  package internal(set) var holder: HorizonHolder?
  /// By this machine's clock that knows no jumps: when the file was last known to be complete.
  var completeAt = ContinuousClock.now
  /// What it said of itself then.
  var complete: FileSummary?

  /// How old what is not in the file yet may be.
  package var lag: Duration { max(.zero, ContinuousClock.now - completeAt) }
}
