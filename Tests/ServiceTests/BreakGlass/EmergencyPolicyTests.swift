import Foundation
import Testing
import TrustBudgetClient
import TrustBudgetTesting

/// What the policy's `break_glass` section says, and what becomes of it.
struct EmergencyPolicyTests {
  @Test func `without the section it is off, and says so`() async throws {
    try await Service.with { service in
      let reply = try await service.node.breakGlass("dev-a")
      #expect(reply.status == 403)
      #expect(reply.problem == "break-glass-disabled")
      #expect(reply.json["detail"].text?.contains("has no break_glass section") == true)
      #expect(try await service.node.get("/readyz").json["break_glass"]["state"] == "off")
      #expect(try await service.node.get("/v1/break-glass").json["events"] == [])
      let journal = RunningNode.journal(
        of: "node-1", policy: service.directory.file(Service.policyFile))
      #expect(!FileManager.default.fileExists(atPath: journal))
    }
  }

  @Test func `approvers are counted once each`() async throws {
    try await Service.with(policy: EmergencyPolicy.policy(minApprovers: 2)) { service in
      for approvers: JSON in [[], ["bob"], ["bob", "bob"]] {
        let reply = try await service.node.breakGlass("dev-a", ["approvers": approvers])
        #expect(reply.problem == "break-glass-unapproved")
        #expect(
          reply.json["detail"].text?.hasPrefix(
            "Break-glass needs 2 approvers other than the requester; this request names ") == true)
      }
      let reply = try await service.node.breakGlass(
        "dev-a", ["approvers": ["bob", "eve", "bob"]])
      #expect(reply.status == 200)
      let events = try await service.node.get("/v1/break-glass").json["events"].list
      #expect(events.first?["approvers"] == ["bob", "eve"])
    }
  }

  @Test func `the list holds events of any length`() async throws {
    try await Service.with(policy: EmergencyPolicy.text) { service in
      let node = try service.node
      let approvers = JSON.list(
        (1...32).map { .text("\($0)" + String(repeating: "é", count: 127)) })
      // More than a page of them, and more than a mebibyte.
      let ids = (1...130).map { "long-\($0)" }
      let replies = try await concurrently(ids.count) { number in
        try await node.breakGlass(
          "dev-a", ["request_id": .text(ids[number]), "approvers": approvers])
      }
      #expect(replies.allSatisfy { $0.status == 200 })
      let list = try await Program.run(
        "break-glass", "list", "--server", node.url, "--limit", "1000", "--json")
      #expect(list.status == 0, "\(list.errors)")
      let events = try JSON(parsing: Data(list.output.utf8))["events"].list
      #expect(events.compactMap { $0["request_id"].text }.sorted() == ids.sorted())
      let page = try await TrustBudgetClient(server: node.url).breakGlassEvents(limit: 1_000)
      #expect(page.events.map(\.requestID).sorted() == ids.sorted())
    }
  }

  @Test func `the last good section serves while the file is broken`() async throws {
    try await Service.with(policy: EmergencyPolicy.text) { service in
      try service.directory.write("break_glass: [what", to: Service.policyFile)
      try await wait(for: "the broken file to be noticed") {
        try await service.node.get("/v1/policy").json["rejected_file"].text != nil
      }
      #expect(try await service.node.breakGlass("dev-a").status == 200)
    }
  }

  @Test func `a node does not start on a broken file, and says what is wrong with it`() async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let policy = try directory.write(
        "policies: []\nbreak_glass: {principals: [root]}\n", to: "policy.yaml")
      let end = try await Program.run(
        "serve", "--policy", policy, "--listen", "127.0.0.1:0", "--auth", "none")
      #expect(end.status == 1)
      #expect(end.errors.contains(#"break_glass has no "max_duration""#))
    }
  }

  @Test func `whom the policy names is told, again where that fails, and nobody waits for it`()
    async throws
  {
    try await Undertaker.shared.withDirectory { directory in
      let mark = directory.file("told")
      let script = try directory.write(
        """
        #!/bin/sh
        # Fails the first time.
        [ -e '\(mark).tried' ] || { touch '\(mark).tried'; exit 1; }
        env >'\(mark).environment'
        cat >'\(mark).new' && mv '\(mark).new' '\(mark)'
        """, to: "tell")
      chmod(script, 0o755)
      let policy = EmergencyPolicy.policy(
        minApprovers: 0,
        """
          notify:
            command: ["\(script)", "--loud"]
            webhook: "http://127.0.0.1:1/secret"

        """)
      try await Service.with(policy: policy) { service in
        #expect(try await service.node.breakGlass("dev-a", ["request_id": "told"]).status == 200)
        let event = try await wait(for: "the command to be told") {
          FileManager.default.contents(atPath: mark)
        }
        let json = try JSON(parsing: event)
        #expect(json["request_id"] == "told")
        #expect(json["reason"] == "the database is down")
        // Where the node's database is, it need not know.
        let environment = try String(contentsOfFile: "\(mark).environment", encoding: .utf8)
        #expect(environment.contains("PATH="))
        #expect(!environment.contains("DATABASE_URL"))
        #expect(try !service.node.program.errors.contains("secret"))
      }
    }
  }
}
