import BudgetLedger
import Hummingbird
import TrustBudget

/// `/v1/budgets`: what is left of each, what happened to it, and what administrators do about it.
struct BudgetRoutes {
  let node: Node

  func add(to routes: RouterGroup<NodeContext>) {
    let budgets = routes.group("budgets")
    budgets.get { request, _ in try await list(request) }
    budgets.get(":budget_id") { _, context in
      let id = try context.budgetID()
      guard let budget = try await node.ledger.reader.budget(id) else {
        throw Problem(.noSuchBudget(id))
      }
      return Response(json: JSONObjectText(budget))
    }
    budgets.get(":budget_id/entries") { request, context in
      try await entries(of: try context.budgetID(), request)
    }
    budgets.post(":budget_id/adjustments") { request, context in
      let id = try context.budgetID()
      let body = try await JSONBody.decode(AdjustmentRequest.self, from: request)
      let adjustment: Adjustment
      do {
        adjustment = try Adjustment(
          requestID: body.requestID, budgetID: id, points: body.points, reason: body.reason,
          origin: context.origin())
      } catch let error as InvalidValue {
        throw Problem(invalid: [FieldProblem(field: "points", problem: error.requirement)])
      }
      let answer = try await node.perform(.adjustment(adjustment))
      if case .rejected(.outOfRange) = answer {
        throw Problem(invalid: [
          FieldProblem(field: "points", problem: Adjustment.outOfRange.requirement)
        ])
      }
      return Response(json: try node.body(of: answer, for: body.requestID))
    }
    budgets.post(":budget_id/resets") { request, context in
      let id = try context.budgetID()
      let body = try await JSONBody.decode(ResetRequest.self, from: request)
      let answer = try await node.perform(
        .reset(
          AdministrativeReset(
            requestID: body.requestID, budgetID: id, reason: body.reason, origin: context.origin()))
      )
      return Response(json: try node.body(of: answer, for: body.requestID))
    }
  }

  private func list(_ request: Request) async throws -> Response {
    let query = QueryFields(request, known: ["prefix", "status", "limit", "cursor"])
    let limit = try query.limit()
    let status: BudgetQuery.Status? = try query.value("status") { text in
      guard let status = BudgetQuery.Status(rawValue: text) else {
        throw InvalidValue("must be available, low or exhausted")
      }
      return status
    }
    let prefix = try query.value("prefix") { text in
      // A name has no space at its end; one that is cut short may.
      _ = try BudgetID(text.hasSuffix(" ") ? text + "x" : text)
      return text
    }
    let cursor = try query.value("cursor") { try BudgetID($0).value }
    try query.finish()
    let page = try await node.ledger.reader.budgets(
      BudgetQuery(prefix: prefix ?? "", status: status, after: cursor ?? "", limit: limit))
    var body = JSONObjectText()
    body.put("budgets", page.budgets.map { JSONObjectText($0) })
    if let cursor = page.cursor { body.put("next_cursor", cursor) }
    return Response(json: body)
  }

  private func entries(of id: BudgetID, _ request: Request) async throws -> Response {
    let query = QueryFields(request, known: ["limit", "cursor"])
    let limit = try query.limit()
    let cursor: Int64? = try query.value("cursor") { text in
      guard text.wholeMatch(of: /[1-9][0-9]{0,17}/) != nil, let number = Int64(text) else {
        throw InvalidValue("must be the next_cursor of the page before")
      }
      return number
    }
    try query.finish()
    let page = try await node.ledger.reader.entries(
      EntryQuery(budgetID: id, before: cursor, limit: limit + 1))
    // A budget that is there has an entry, and may have none before a cursor.
    if page.isEmpty {
      guard cursor != nil, try await node.ledger.reader.budget(id) != nil else {
        throw Problem(.noSuchBudget(id))
      }
    }
    var body = JSONObjectText()
    body.put("entries", page.prefix(limit).map { JSONObjectText($0) })
    if page.count > limit { body.put("next_cursor", String(page[limit - 1].sequence)) }
    return Response(json: body)
  }
}
