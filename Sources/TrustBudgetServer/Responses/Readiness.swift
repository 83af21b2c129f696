import BudgetLedger
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
