import BudgetLedger
import Hummingbird
import TrustBudget

/// `/v1/charges`: explicit terms, one or many; a charge, and what becomes of it.
struct ChargeRoutes {
  let node: Node

  func add(to routes: RouterGroup<NodeContext>) {
    let charges = routes.group("charges")
    charges.post { request, context in
      let body = try await JSONBody.decode(ChargeRequest.self, from: request)
      return Response(json: try await node.charge(try body.charge(by: context)))
    }
    charges.post("batch") { request, context in
      // Not on the connection's event loop: megabytes are read here, and others have their requests there.
      return try await withTaskExecutorPreference(globalConcurrentExecutor) {
        let body = try await JSONBody.decode(
          ChargeBatchRequest.self, from: request, maximumBytes: JSONBody.maximumBatchBytes)
        return try await charge(body, by: context)
      }
    }
    charges.get(":request_id") { _, context in
      Response(json: JSONObjectText(try await node.find(try context.requestID(), for: .read)))
    }
    charges.post(":request_id/settlement") { request, context in
      let id = try context.requestID()
      let body = try await JSONBody.decode(SettlementRequest.self, from: request)
      let charge = try await node.find(id, for: .change)
      let answer = try await node.perform(
        .settlement(
          Settlement(
            requestID: id, budgetIDs: charge.receipts.map(\.budgetID),
            certificate: body.certificate, origin: context.origin(rule: charge.rule))))
      return Response(json: try node.body(of: answer, for: id))
    }
    charges.post(":request_id/refund") { request, context in
      let id = try context.requestID()
      let body = try await JSONBody.decode(RefundRequest.self, from: request)
      let charge = try await node.find(id, for: .change)
      let answer = try await node.perform(
        .refund(
          Refund(
            requestID: id, budgetIDs: charge.receipts.map(\.budgetID), reason: body.reason,
            byAdministrator: context.caller.isAdministrator,
            origin: context.origin(rule: charge.rule))))
      return Response(json: try node.body(of: answer, for: id))
    }
  }

  /// Decides each charge on its own. The answers stand in the order of the charges; in that order those on one
  /// budget are decided, too, unless something has to be tried again.
  private func charge(
    _ batch: ChargeBatchRequest, by context: NodeContext
  ) async throws -> Response {
    let answers = await withTaskGroup { group in
      for (index, request) in batch.charges.enumerated() {
        // It runs at once as far as the lane's queue.
        group.addImmediateTask { (index, await node.outcome(of: request, by: context)) }
      }
      var answers = [JSONObjectText](repeating: JSONObjectText(), count: batch.charges.count)
      for await (index, answer) in group { answers[index] = answer }
      return answers
    }
    var body = JSONObjectText()
    body.put("answers", answers)
    return Response(json: body)
  }
}

extension ChargeRequest {
  fileprivate func charge(by context: NodeContext) throws -> Charge {
    try Charge(
      requestID: requestID, content: content, username: username, terms: [terms],
      origin: context.origin())
  }
}

extension Node {
  /// The answer to one charge of a batch: what the single call would have answered, or its problem.
  fileprivate func outcome(
    of request: ChargeRequest, by context: NodeContext
  ) async -> JSONObjectText {
    do {
      return try await charge(try request.charge(by: context))
    } catch {
      let problem = error as? Problem ?? .ofThisService
      metrics.answered(with: problem.kind)
      var body = problem.body
      // It has no header to say so.
      if let seconds = problem.retryAfter { body.put("retry_after", seconds) }
      return body
    }
  }
}
