import Foundation
import Testing
import TrustBudgetTesting

/// `POST /v1/break-glass`: what a budget never blocks, and what the policy does.
@Suite(.service(nodes: 2, policy: EmergencyPolicy.text))
struct EmergencyTests {
  @Test func `an exhausted budget denies, and break-glass grants, at the same moment`()
    async throws
  {
    let service = try Service.current
    let node = try service.node
    for _ in 1...3 { #expect(try await node.authorize("dev-spent").status == 200) }
    #expect(try await node.authorize("dev-spent").problem == "budget-exhausted")
    let budget = try await node.get("/v1/budgets/user:dev-spent").json
    let trail = try await node.get("/v1/budgets/user:dev-spent/entries").json

    async let normal = node.authorize("dev-spent")
    async let emergency = node.breakGlass(
      "dev-spent", ["request_id": "spent-1", "ticket": "INC-7", "approvers": ["bob"]])
    #expect(try await normal.status == 403)
    let reply = try await emergency
    #expect(reply.status == 200)
    #expect(reply.json["decision"] == "allowed")
    #expect(reply.json["request_id"] == "spent-1")
    #expect(reply.json["principals"] == ["root", "rescue"])
    #expect(reply.json["max_duration"] == "60s")
    #expect(reply.json["recorded"] == "journal")
    #expect(reply.json["event"]["node_seq"].integer ?? 0 > 0)
    #expect(reply.json["trust_budget"] == .null)

    // One more denial is there, and nothing else has changed.
    let after = try await node.get("/v1/budgets/user:dev-spent").json
    #expect(after.without("entries") == budget.without("entries"))
    let entries = try await node.get("/v1/budgets/user:dev-spent/entries").json["entries"].list
    #expect(entries.count == trail["entries"].list.count + 1)
    #expect(entries.first?["kind"] == "denial")
    try await wait(for: "the event to reach PostgreSQL") {
      try await service.emergencies().contains("spent-1")
    }
    let event = try await service.database.query(
      """
      SELECT node, username, reason, ticket, approvers, principals, max_duration_seconds, actor
      FROM trust_budget.break_glass_events WHERE request_id = 'spent-1'
      """)
    #expect(
      event == [
        [
          "node-1", "dev-spent", "the database is down", "INC-7", "{bob}", "{root,rescue}", "60",
          nil,
        ]
      ])
    try await node.program.hasSaid(" warning trust-budget")
    try await node.program.hasSaid("break-glass")
  }

  @Test func `a request may ask for less`() async throws {
    let reply = try await Service.current.node.breakGlass(
      "dev-less", ["principals": ["rescue"], "requested_duration": "30s"])
    #expect(reply.json["principals"] == ["rescue"])
    #expect(reply.json["max_duration"] == "30s")
  }

  @Test func `a repeated request is one event, another with its id is refused`() async throws {
    let node = try Service.current.node
    let first = try await node.breakGlass("dev-twice", ["request_id": "twice"])
    let second = try await node.breakGlass("dev-twice", ["request_id": "twice"])
    #expect(second.json["replayed"] == true)
    #expect(second.json.without("replayed") == first.json)
    for other: JSON in [["reason": "another"], ["ticket": "X"], ["approvers": ["bob"]]] {
      var body: [String: JSON] = ["request_id": "twice"]
      if case .object(let members) = other { body.merge(members) { $1 } }
      let reply = try await node.breakGlass("dev-twice", .object(body))
      #expect(reply.status == 422)
      #expect(reply.problem == "request-mismatch")
    }
  }

  @Test func `approvers and principals are sets, which need not be written alike again`()
    async throws
  {
    let node = try Service.current.node
    func ask(_ approvers: JSON, _ principals: JSON) async throws -> Reply {
      try await node.breakGlass(
        "dev-sets",
        ["request_id": "sets", "approvers": approvers, "principals": principals])
    }
    let first = try await ask(["eve", "bob"], ["root", "rescue"])
    #expect(first.status == 200, "\(first.json)")
    let again = try await ask(["bob", "eve", "bob"], ["rescue", "root"])
    #expect(again.json["replayed"] == true, "\(again.json)")
    #expect(again.json.without("replayed") == first.json)
    #expect(try await ask(["bob"], ["rescue", "root"]).problem == "request-mismatch")
  }

  static let refusals: [(JSON, Int, String, String)] = [
    (["username": "dev-a"], 400, "invalid-request", "reason is required"),
    (["username": "dev-a", "reason": ""], 400, "invalid-request", "reason must not be empty"),
    (["reason": "x"], 400, "invalid-request", "username is required"),
    (
      ["username": "dev-a", "reason": "x", "approvers": ["bob", "dev-a"]], 403,
      "break-glass-unapproved", #""dev-a" asks for the certificate, and cannot approve it as well"#
    ),
    (
      ["username": "dev-a", "reason": "x", "requested_duration": "61s"], 403, "policy-limit",
      "A certificate for 61s is longer than rule"
    ),
    (
      ["username": "dev-a", "reason": "x", "principals": ["admin"]], 403, "policy-limit",
      #"Principal "admin" is not allowed"#
    ),
    (
      ["username": "mallory", "reason": "x"], 403, "break-glass-forbidden",
      #""mallory" may not use break-glass"#
    ),
  ]

  @Test(arguments: refusals.indices)
  func `each refusal has its own message, is logged, and is no event`(index: Int) async throws {
    let (body, status, problem, detail) = Self.refusals[index]
    let node = try Service.current.node
    let reply = try await node.post("/v1/break-glass", body)
    #expect(reply.status == status)
    #expect(reply.problem == problem)
    #expect(reply.json["detail"].text?.contains(detail) == true, "\(reply.json)")
    try await node.program.hasSaid("break-glass refused")
    let events = try await node.get("/v1/break-glass?limit=1000").json["events"].list
    #expect(!events.contains { $0["username"] == "mallory" || $0["username"] == "dev-a" })
  }

  @Test(
    arguments: [
      ("username", 7), ("username", ""), ("username", "a\nb"), ("username", ["a"]),
      ("reason", 7), ("reason", " \n"), ("reason", "\u{202E}evil"), ("reason", [:]),
      ("ticket", ""), ("ticket", 7), ("approvers", "bob"), ("approvers", [7]), ("approvers", [""]),
      ("principals", "root"), ("principals", [["root"]]), ("requested_duration", 60),
      ("requested_duration", "soon"), ("requested_duration", "-5s"), ("request_id", "a b"),
      ("request_id", 7), ("dry_run", true), ("max_duration", "1h"),
    ] as [(String, JSON)])
  func `garbage in a field is refused by the field's name`(field: String, value: JSON)
    async throws
  {
    let reply = try await Service.current.node.breakGlass("dev-b", .object([field: value]))
    #expect(reply.status == 400)
    #expect(reply.problem == "invalid-request")
    #expect(reply.badFields == [field])
  }

  @Test func `long reasons and lists are bounded`() async throws {
    let node = try Service.current.node
    let long = String(repeating: "x", count: 1_025)
    #expect(try await node.breakGlass("dev-c", ["reason": .text(long)]).badFields == ["reason"])
    let many = JSON.list((0...32).map { .text("b\($0)") })
    #expect(try await node.breakGlass("dev-c", ["approvers": many]).badFields == ["approvers"])
    #expect(
      try await node.breakGlass("dev-c", ["reason": .text(String(long.dropLast()))]).status == 200)
  }

  @Test func `reason and ticket are what people write, on one line`() async throws {
    let service = try Service.current
    let node = try service.node
    let reply = try await node.breakGlass(
      "dev-words",
      [
        "request_id": "words", "reason": "db-1 → db-2:\r\n\t5\u{A0}€, 40 °C 🔥\u{FE0F}\n",
        "ticket": "Cafe\u{301} №\u{2028}7",
      ])
    #expect(reply.status == 200, "\(reply.json)")
    try await wait(for: "the event to reach PostgreSQL") {
      try await service.emergencies().contains("words")
    }
    let events = try await node.get("/v1/break-glass?limit=1000").json["events"].list
    let event = events.first { $0["request_id"] == "words" }
    #expect(event?["reason"] == "db-1 → db-2:  5 €, 40 °C 🔥\u{FE0F}")
    #expect(
      event?["ticket"].text?.unicodeScalars.elementsEqual("Caf\u{E9} № 7".unicodeScalars) == true)
  }

  @Test func `the list is paged, the newest first, and the same on every node`() async throws {
    let service = try Service.current
    for number in 1...5 {
      let node = service.nodes[number % 2]
      #expect(
        try await node.breakGlass("oncall-1", ["request_id": .text("page-\(number)")]).status
          == 200)
    }
    try await wait(for: "the events to reach PostgreSQL") {
      try await service.emergencies().count { $0.hasPrefix("page-") } == 5
    }
    for node in service.nodes {
      var ids: [String] = []
      var cursor = ""
      repeat {
        let page = try await node.get("/v1/break-glass?limit=2\(cursor)").json
        #expect(page["source"] == "postgresql")
        ids += page["events"].list.compactMap { $0["request_id"].text }
        cursor = page["next_cursor"].text.map { "&cursor=\($0)" } ?? ""
      } while !cursor.isEmpty
      #expect(
        ids.filter { $0.hasPrefix("page-") } == ["page-5", "page-4", "page-3", "page-2", "page-1"])
      #expect(Set(ids).count == ids.count)
    }
    for bad in ["limit=0", "limit=x", "cursor=x", "cursor=1.2.3", "colour=red"] {
      #expect(try await service.nodes[0].get("/v1/break-glass?\(bad)").problem == "invalid-request")
    }
  }

  @Test func `readiness shows it for a day`() async throws {
    let node = try Service.current.node
    _ = try await node.breakGlass("oncall-2")
    let state = try await node.get("/readyz").json["break_glass"]
    #expect(state["state"] == "ready")
    #expect(state["journal"]["journal_id"].text != nil)
    #expect(state["events_last_24_hours"].integer ?? 0 > 0)
    #expect(state["newest_event_at"].text != nil)
    #expect(state["unforwarded"].integer != nil)
  }

  @Test func `the command runs what is signed with, and passes its status on`() async throws {
    let url = try Service.current.node.url
    let end = try await Program.run(
      "break-glass", "--server", url, "--username", "dev-cli", "--reason", "it burns",
      "--approver", "bob", "--approver", "eve", "--ticket", "INC-9", "--principal", "root",
      "--request-id", "cli-1", "--", "sh", "-c",
      #"env | grep ^TRUST_BUDGET_ | grep -v AUDIT_FILE | sort; echo "$@"; exit 7"#, "name",
      "{principals}", "+{max_duration}")
    #expect(end.status == 7)
    #expect(
      end.output == """
        TRUST_BUDGET_MAX_DURATION=60s
        TRUST_BUDGET_PRINCIPALS=root
        TRUST_BUDGET_REQUEST_ID=cli-1
        TRUST_BUDGET_RULE=break_glass
        root +60s

        """)
    #expect(
      end.errors.hasPrefix("trust-budget: BREAK-GLASS: root for 60s; recorded in journal as event"))

    let list = try await Program.run("break-glass", "list", "--server", url, "--json")
    #expect(list.status == 0)
    let event = try JSON(parsing: Data(list.output.utf8))["events"].list.first {
      $0["request_id"] == "cli-1"
    }
    #expect(event?["approvers"] == ["bob", "eve"])
    #expect(event?["ticket"] == "INC-9")
    let table = try await Program.run("break-glass", "list", "--server", url)
    #expect(table.output.contains("it burns"))
  }

  @Test(arguments: [
    (["-n{principals}", "-V", "+{max_duration}"], []),
    (
      ["-n", "root,admin", "-V", "+1d"],
      // Less by what passes until it is looked at.
      [
        "it is valid for (1d|23h59m[0-9]+s), and 60s was allowed",
        "it names admin, which was not allowed",
      ]
    ),
  ])
  func `what was signed is named, and in what it goes beyond what was allowed`(
    options: [String], excess: [String]
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      // However the command ends.
      for missing in [[], [directory.file("missing.pub")]] {
        let end = try await emergency(
          ["ssh-keygen", "-q", "-s", keys.authority, "-I", "at night", "-z7"] + options + [key]
            + missing)
        #expect(end.status == (missing.isEmpty ? 0 : 255), "\(end.errors)")
        let path = directory.file("id-cert.pub")
        let fingerprint = try await SSHKeys.inspect(path).fingerprint
        #expect(
          end.errors.contains(#"\#(path) has serial 7, key id "at night", key \#(fingerprint)\#n"#),
          "\(end.errors)")
        for excess in excess {
          let place = NSRegularExpression.escapedPattern(for: path)
          let words = try Regex("\(place) goes beyond what was allowed: \(excess)\n")
          #expect(end.errors.contains(words), "\(end.errors)")
        }
        if excess.isEmpty { #expect(!end.errors.contains("goes beyond"), "\(end.errors)") }
      }
    }
  }

  @Test func `what was signed may be where nobody would look, and that is said`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let keys = try await SSHKeys(in: directory)
      let key = try await keys.makeKey()
      let elsewhere = directory.file("elsewhere")
      let command = [
        "sh", "-c",
        "ssh-keygen -q -s '\(keys.authority)' -I x '\(key)' && "
          + "mv '\(directory.file("id-cert.pub"))' '\(elsewhere)'",
      ]
      let unseen = try await emergency(command)
      #expect(unseen.errors.contains("no certificate found"), "\(unseen.errors)")
      #expect(unseen.errors.contains("name it by --certificate"), "\(unseen.errors)")
      let seen = try await emergency(command, "--certificate", elsewhere)
      #expect(seen.errors.contains("\(elsewhere) has serial 0,"), "\(seen.errors)")
      #expect(seen.errors.contains("allowed: it is valid for ever, and 60s was"), "\(seen.errors)")
      let garbage = try await emergency(
        ["sh", "-c", "echo x >'\(elsewhere)'"], "--certificate", elsewhere)
      #expect(garbage.errors.contains("\(elsewhere) holds no SSH certificate"), "\(garbage.errors)")
      let nothing = try await emergency(["true"], "--certificate", elsewhere)
      #expect(nothing.errors.contains("\(elsewhere) was not written"), "\(nothing.errors)")
      for end in [unseen, seen, garbage, nothing] { #expect(end.status == 0) }
    }
  }

  private func emergency(_ command: [String], _ more: String...) async throws -> RunningProgram.End
  {
    let arguments = [
      "break-glass", "--server", try Service.current.node.url, "--username", "dev-signs",
      "--reason", "it burns",
    ]
    return try await Program.run(arguments + more + ["--"] + command)
  }

  @Test func `a command that is repeated under its id has an event of its own`() async throws {
    let url = try Service.current.node.url
    for number in 1...2 {
      let end = try await Program.run(
        "break-glass", "--server", url, "--username", "dev-again", "--reason", "it burns",
        "--approver", "bob", "--approver", "eve", "--request-id", "again-1", "--", "true")
      #expect(end.status == 0)
      #expect(end.errors.contains("again-1 was recorded before") == (number == 2))
    }
    let list = try await Program.run("break-glass", "list", "--server", url, "--json")
    let events = try JSON(parsing: Data(list.output.utf8))["events"].list
    #expect(events.count { $0["username"] == "dev-again" } == 2)
    #expect(list.errors == "")
    let one = try await Program.run("break-glass", "list", "--server", url, "--limit", "1")
    #expect(one.errors.contains("the newest events alone, 1 of them; --limit"))
  }

  @Test func `a refused command is not run`() async throws {
    let url = try Service.current.node.url
    let refused = try await Program.run(
      "break-glass", "--server", url, "--username", "mallory", "--reason", "x", "--", "echo", "ran")
    #expect(refused.status == 1)
    #expect(refused.output == "")
    #expect(refused.errors.contains("may not use break-glass"))
    for wrong in [["--username", "a", "--", "true"], ["--username", "a", "--reason", "x"], []] {
      let end = try await Program.run(["break-glass"] + wrong)
      #expect(end.status == 2)
      #expect(end.output == "")
    }
  }
}
