import BudgetLedger
import Hummingbird
import PolicyFile
import TrustBudget

/// `POST /v1/authorizations`: evaluate the policy, charge, answer.
struct AuthorizationRoutes {
  let node: Node

  func add(to routes: RouterGroup<NodeContext>) {
    routes.post("authorizations") { request, context in
      try await authorize(
        try await JSONBody.decode(AuthorizationRequest.self, from: request), context)
    }
  }

  private func authorize(
    _ request: AuthorizationRequest, _ context: NodeContext
  ) async throws -> Response {
    let policy = node.policies.current.policy
    let grant: Grant
    do throws(Refusal) {
      grant = try policy.evaluate(request.issuance, at: node.now())
    } catch {
      if let body = await receipt(ofEarlier: request) { return Response(json: body) }
      throw Problem(error, requestID: request.requestID)
    }
    guard !grant.budgets.isEmpty else {
      // The feature is off for this request: no entry, and no database that could be down.
      var body = JSONObjectText(free: grant, request.requestID)
      if request.isDryRun {
        body.put("dry_run", true)
      } else {
        node.metrics.allowedWithoutBudget(rule: grant.rule)
      }
      return Response(json: body)
    }
    let charge = try Charge(
      requestID: request.requestID, content: request.content,
      username: request.issuance.username, terms: grant.budgets,
      origin: context.origin(rule: grant.rule, policyDigest: policy.digest),
      grant: SigningGrant(
        principals: grant.principals, maxDuration: grant.maxDuration.description,
        listsBudgets: grant.budgetsAreAList))
    return request.isDryRun
      ? try await dryRun(charge) : Response(json: try await node.charge(charge))
  }

  /// The receipt of a request that was charged when another policy was in force. Its caller has been told
  /// that it may sign, or was about to be: what the policy says by now takes nothing of that back, until it
  /// has signed.
  ///
  /// - Returns: nil where there is none, or nobody can tell.
  private func receipt(ofEarlier request: AuthorizationRequest) async -> JSONObjectText? {
    // While the ledger is away a refusal must not take as long as a charge would.
    guard request.isNamed, case .available = node.ledger.health.current,
      let charge = try? await node.ledger.reader.confirmedCharge(request.requestID),
      request.content.fingerprint == charge.request, charge.state == .charged
    else { return nil }
    var body = JSONObjectText(allowed: charge, replayed: true)
    if request.isDryRun { body.put("dry_run", true) } else { node.metrics.replayed() }
    return body
  }

  private func dryRun(_ charge: Charge) async throws -> Response {
    var body = try node.body(of: try await node.dryRun(charge), for: charge.requestID)
    body.put("dry_run", true)
    return Response(json: body)
  }
}

extension JSONObjectText {
  fileprivate init(free grant: Grant, _ requestID: RequestID) {
    self.init()
    put("decision", "allowed")
    put("request_id", requestID.value)
    put("rule", grant.rule)
    put("principals", grant.principals)
    put("max_duration", grant.maxDuration.description)
  }
}
