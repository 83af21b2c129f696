import BreakGlass
import BudgetLedger
import PolicyFile
import TrustBudget

/// What PostgreSQL and the journal must be asked for, to say whether a node is ready.
struct Readiness: Sendable {
  let hasDatabase: Bool
  let database: JSONObjectText
  let breakGlass: JSONObjectText

  init(of node: Node) async {
    var database = JSONObjectText()
    do {
      let ledger = try await node.ledger.check()
      hasDatabase = true
      database.put("status", "ok")
      database.put("ledger", ledger.id)
      database.put("epoch", ledger.epoch)
    } catch {
      hasDatabase = false
      database.put("status", "unavailable")
      database.put("problem", error.ledgerReason)
    }
    self.database = database
    breakGlass = await node.breakGlassReadiness(hasDatabase: hasDatabase)
  }
}

extension Node {
  /// What `/readyz` says of break-glass. A day long, it says that there was an event.
  ///
  /// - Parameter hasDatabase: whether PostgreSQL answered just now.
  fileprivate func breakGlassReadiness(hasDatabase: Bool) async -> JSONObjectText {
    let yesterday = Timestamp(microseconds: now().microseconds - 86_400_000_000)
    let own = await breakGlass.askJournal { try await $0.events(since: yesterday) }
    // After that question, which may show that the journal does not answer.
    let status = breakGlass.status
    let isOn = policies.current.policy.breakGlass != nil
    var body = JSONObjectText()
    body.put("state", state(of: status, isOn: isOn))
    var journal = JSONObjectText()
    journal.put("path", status.journalPath)
    if let id = status.journalID { journal.put("journal_id", id) }
    if let problem = status.journalProblem { journal.put("problem", problem) }
    body.put("journal", journal)
    if let unforwarded = status.unforwarded { body.put("unforwarded", unforwarded) }
    if let problem = status.forwardingProblem { body.put("forwarding_problem", problem) }

    let all = hasDatabase ? try? await ledger.reader.breakGlassEvents(since: yesterday) : nil
    if own != nil || all != nil || status.journalProblem == nil {
      // Events that are on their way count here alone.
      let count = max(
        own?.count ?? 0, (all?.count ?? 0) + (all == nil ? 0 : status.unforwarded ?? 0))
      body.put("events_last_24_hours", count)
    }
    if let newest = [own?.newest, all?.newest].compactMap(\.self).max() {
      body.put("newest_event_at", newest)
    }
    return body
  }

  private func state(of status: BreakGlassStatus, isOn: Bool) -> String {
    if status.isForked { return "forked" }
    if !isOn { return "off" }
    return status.journalProblem == nil ? "ready" : "postgresql only"
  }
}
