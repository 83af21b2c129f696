import ArgumentParser
import TrustBudget
import TrustBudgetClient

struct BreakGlassListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List emergency certificates, the newest first.",
    discussion: """
      Example: trust-budget break-glass list --limit 20

      A node is asked, because it knows as well what has not reached PostgreSQL yet.
      """)

  @OptionGroup(title: "The node") var node: NodeOptions

  @Option(help: "How many at most, from 1 to 100000.")
  var limit = 100

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try ListLimit.validate(limit) }

  func run() async throws {
    let (events, notice) = try await node.withClient { try await read(from: $0) }
    if json {
      var object = JSONObjectText()
      if let notice { object.put("notice", notice) }
      object.put("events", events.map { JSONObjectText($0) })
      return print(object.text)
    }
    if let notice { Console.error(notice) }
    var table = TextTable(
      "TIME", "USER", "PRINCIPALS", "FOR", "APPROVERS", "TICKET", "NODE", "REASON")
    for event in events {
      table.add(
        event.occurredAt, event.username, event.principals.joined(separator: ","),
        event.maxDuration, event.approvers.joined(separator: ","), event.ticket ?? "", event.node,
        event.reason)
    }
    print(table)
  }

  private func read(
    from client: TrustBudgetClient
  ) async throws -> (events: [BreakGlassPage.Event], notice: String?) {
    var events: [BreakGlassPage.Event] = []
    var notice: String?
    var cursor: String?
    do {
      repeat {
        let page = try await client.breakGlassEvents(
          limit: min(limit - events.count, 100), cursor: cursor)
        events += page.events
        notice = notice ?? page.notice
        cursor = page.nextCursor
      } while cursor != nil && events.count < limit
      if cursor != nil { ListLimit.noteMore("the newest events", limit: limit) }
    } catch {
      throw CommandFailure(ofNode: error)
    }
    return (events, notice)
  }
}

extension JSONObjectText {
  fileprivate init(_ event: BreakGlassPage.Event) {
    self.init()
    put("journal_id", event.journalID)
    put("node_seq", event.sequence)
    put("node", event.node)
    put("occurred_at", event.occurredAt)
    put("username", event.username)
    put("reason", event.reason)
    put("ticket", event.ticket)
    put("approvers", event.approvers)
    put("principals", event.principals)
    put("max_duration", event.maxDuration)
    put("request_id", event.requestID)
    put("actor", event.actor)
    put("hash", event.hash)
  }
}
