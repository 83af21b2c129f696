import AuditMirror
import BudgetLedger
import TrustBudget

extension JSONObjectText {
  /// How the node's copy of the audit trail is doing.
  package init(_ mirror: MirrorStatus) {
    self.init()
    put("state", mirror.state.name)
    put("lag_seconds", json: JSONObjectText.seconds(mirror.lag))
    put("entries", mirror.entries)
    put("break_glass_events", mirror.events)
    if let problem = mirror.state.problem { put("problem", problem) }
    if let holder = mirror.holder { put("held_back_by", JSONObjectText(holder)) }
  }

  /// The session that keeps the horizon back, as far as it may be seen.
  package init(_ holder: HorizonHolder) {
    self.init()
    if let processID = holder.processID { put("pid", processID) }
    if let name = holder.preparedTransaction { put("prepared_transaction", name) }
    if let user = holder.user { put("user", user) }
    if let application = holder.applicationName { put("application_name", application) }
    if let database = holder.database { put("database", database) }
    if let since = holder.since { put("since", since) }
  }

  /// With milliseconds: `0.042`.
  package static func seconds(_ duration: Duration) -> String {
    let milliseconds = Int64(duration / .milliseconds(1))
    let fraction = String(milliseconds % 1_000)
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return "\(milliseconds / 1_000).\(zeros)\(fraction)"
  }
}
