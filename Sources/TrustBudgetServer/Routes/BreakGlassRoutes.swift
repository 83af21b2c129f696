import BreakGlass
import BudgetLedger
import Hummingbird
import Logging
import PolicyFile
import TrustBudget

/// `/v1/break-glass`: certificates for emergencies, which no budget blocks, and their trail.
struct BreakGlassRoutes {
  let node: Node

  func add(to routes: RouterGroup<NodeContext>) {
    let breakGlass = routes.group("break-glass")
    breakGlass.post { request, context in
      do {
        let body = try await JSONBody.decode(BreakGlassBody.self, from: request)
        return try await grant(body, context)
      } catch let problem as Problem {
        // Not an event, and yet worth a look.
        context.logger.warning(
          "break-glass refused",
          metadata: ["problem": "\(problem.kind.rawValue)", "detail": "\(problem.detail)"])
        throw problem
      }
    }
    breakGlass.get { request, _ in try await list(request) }
  }

  private func grant(_ body: BreakGlassBody, _ context: NodeContext) async throws -> Response {
    let policy = node.policies.current.policy
    guard let rule = policy.breakGlass else {
      throw Problem(
        .breakGlassDisabled,
        "Break-glass is off on this node: the policy in force has no break_glass section.")
    }
    let grant: Grant
    do throws(Refusal) {
      grant = try rule.evaluate(body.issuance, approvers: body.approvers)
    } catch {
      throw Problem(error, requestID: body.requestID)
    }
    return try await record(
      body, grant, context.origin(policyDigest: policy.digest), rule.notify)
  }

  private func record(
    _ body: BreakGlassBody, _ grant: Grant, _ origin: Origin, _ notice: BreakGlassNotice?
  ) async throws -> Response {
    var seen: Set<Username> = []
    let request = BreakGlassIssuance(
      requestID: body.requestID, content: body.content, username: body.issuance.username,
      reason: body.reason, ticket: body.ticket,
      approvers: body.approvers.filter { seen.insert($0).inserted }.map(\.value),
      principals: grant.principals, maxDuration: grant.maxDuration.description,
      maxDurationSeconds: grant.maxDuration.seconds,
      requestedDurationSeconds: body.issuance.requestedDuration?.seconds,
      policyDigest: origin.policyDigest ?? .zero, actor: origin.actor)
    let recorded: (outcome: BreakGlassOutcome, store: BreakGlass.Store)
    do {
      recorded = try await node.breakGlass.record(request, notice: notice)
    } catch {
      throw Problem(error, requestID: body.requestID)
    }
    guard case .recorded(let event, let replayed) = recorded.outcome else {
      throw Problem(Rejection.requestMismatch(body.requestID))
    }
    return Response(
      json: JSONObjectText(granted: event, in: recorded.store, replayed: replayed))
  }

  /// The newest first: what PostgreSQL has of all nodes, and what only this node's journal has yet.
  private func list(_ request: Request) async throws -> Response {
    let query = QueryFields(request, known: ["limit", "cursor"])
    let limit = try query.limit()
    let cursor = try query.value("cursor") { try BreakGlassPlace($0) }
    try query.finish()
    // The journal first: what is brought to PostgreSQL meanwhile is then seen twice, not never.
    let own = await node.breakGlass.askJournal {
      try await $0.page(before: cursor, limit: limit + 1)
    }
    let journalProblem = node.breakGlass.status.journalProblem
    var body = JSONObjectText()
    let stored: [BreakGlassEvent]
    do {
      stored = try await node.ledger.reader.breakGlassEvents(
        BreakGlassQuery(before: cursor, limit: limit + 1))
      body.put("source", BreakGlass.Store.postgresql.rawValue)
      if own == nil, let journalProblem {
        body.put(
          "notice",
          "This node's journal cannot be asked: what is in that alone is missing here. "
            + "(\(journalProblem))")
      }
    } catch {
      guard own != nil else { throw error }
      stored = []
      body.put("source", BreakGlass.Store.journal.rawValue)
      body.put(
        "notice",
        "PostgreSQL cannot be asked: these are the events of this node's journal alone. "
          + "(\(error.ledgerReason))")
    }
    let storedPlaces = Set(stored.map(\.place))
    let page = (stored + (own ?? []).filter { !storedPlaces.contains($0.place) })
      .sorted { $0.place > $1.place }
    body.put("events", page.prefix(limit).map(\.json))
    if page.count > limit { body.put("next_cursor", page[limit - 1].place.description) }
    return Response(json: body)
  }
}

extension JSONObjectText {
  fileprivate init(granted event: BreakGlassEvent, in store: BreakGlass.Store, replayed: Bool) {
    self.init()
    put("decision", "allowed")
    put("request_id", event.requestID)
    put("rule", BreakGlassRule.name)
    put("principals", event.principals)
    put("max_duration", event.maxDuration)
    var place = JSONObjectText()
    place.put("journal_id", event.journalID)
    place.put("node_seq", event.sequence)
    place.put("occurred_at", event.occurredAt)
    put("event", place)
    put("recorded", store.rawValue)
    if replayed { put("replayed", true) }
  }
}
