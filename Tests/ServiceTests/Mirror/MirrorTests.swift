import Foundation
import Testing
import TrustBudgetTesting

/// The running node's copy of the trail, and the commands about it.
@Suite struct MirrorTests {
  @Test func `a node says how its mirror is doing, and its file verifies after it has ended`()
    async throws
  {
    try await Service.with(nodes: 2) { service in
      for number in 0..<20 {
        #expect(try await service.nodes[number % 2].authorize("rich-\(number % 3)").status == 200)
      }
      let count = try await service.database.count(
        "SELECT count(*) FROM trust_budget.audit_entries")
      for node in service.nodes {
        try await wait(for: "the mirror to follow") {
          let mirror = try await node.get("/readyz").json["audit_mirror"]
          return mirror["state"] == "following" && mirror["entries"].integer == Int64(count)
        }
      }
      let node = service.nodes[1]
      node.program.signal(SIGTERM)
      _ = try await node.program.end()
      let end = try await Program.run("audit", "verify", "--file", node.program.auditFile)
      #expect(end.status == 0)
      #expect(
        end.output.contains("\(count) entries of 3 budgets, 0 break-glass events of 0 journals: ok")
      )
      let against = try await Program.run(
        "audit", "verify", "--file", node.program.auditFile, "--against",
        service.database.connectionString, "--json")
      #expect(against.status == 0)
      #expect(against.json["entries"].integer == Int64(count))
      #expect(against.json["budgets"] == 3 && against.json["unverifiable"] == 0)
      #expect(against.json["entries_to_come"] == 0)
      #expect(against.json["break_glass_events_to_come"] == 0)
      #expect(against.json["position"]["entry_id"].integer ?? 0 > 0)
      // Everything is in the file itself: no log beside it.
      #expect(!FileManager.default.fileExists(atPath: node.program.auditFile + "-wal"))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `an export that is interrupted leaves nothing behind`(signal: Int32) async throws {
    try await Service.with { service in
      #expect(try await service.node.authorize("rich-1").status == 200)
      func exports() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: service.directory.path)
          .filter { $0.hasPrefix("export") }
      }
      try await service.database.withConnection { session in
        try await session.execute(
          "BEGIN; LOCK TABLE trust_budget.audit_entries IN ACCESS EXCLUSIVE MODE")
        try await Program.with(
          [
            "audit", "export", "--format", "csv", "--out", service.directory.file("export"),
            "--database-url", service.database.connectionString,
          ]
        ) { program in
          try await wait(for: "the export to have begun") { try exports().count == 1 }
          program.signal(signal)
          let end = try await program.end()
          #expect(end.status == 128 + signal, "\(end.errors)")
          #expect(try exports() == [])
        }
        try await session.execute("ROLLBACK")
      }
    }
  }

  @Test func `the lag in the metrics grows while the mirror waits for an answer`() async throws {
    try await Service.with { service in
      func metric(_ name: String) async throws -> Double? {
        let metrics = String(
          decoding: try await service.node.get("/metrics").body, as: UTF8.self)
        return metrics.split(separator: "\n").first { $0.hasPrefix(name + "{") }
          .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
      }
      try await wait(for: "the mirror to follow") {
        try await metric("trust_budget_mirror_up") == 1
      }
      try await service.database.withConnection { session in
        // Nothing is answered until PostgreSQL gives up, a minute later.
        try await session.execute(
          "BEGIN; LOCK TABLE trust_budget.audit_entries IN ACCESS EXCLUSIVE MODE")
        try await wait(for: "the lag to be seen") {
          try await metric("trust_budget_mirror_lag_seconds") ?? 0 > 3
        }
        try await session.execute("ROLLBACK")
      }
      try await wait(for: "the mirror to follow again") {
        try await metric("trust_budget_mirror_lag_seconds") ?? 3 < 3
      }
    }
  }

  @Test func `a node that was killed in the middle loses nothing, and goes on`() async throws {
    try await Service.with { service in
      let path = service.directory.file("kept/audit.db")
      let policy = service.directory.file(Service.policyFile)
      for round in 0..<3 {
        let node = try await RunningNode.start(
          "killed", on: service.database.connectionString, policy: policy, ["--audit-file", path])
        async let replies = concurrently(20) { number in
          try? await node.authorize("rich-\(round)-\(number)").status
        }
        try await wait(for: "some charges") {
          try await service.database.count(
            "SELECT count(*) FROM trust_budget.audit_entries") > round * 6
        }
        await node.program.kill()
        _ = try await replies
      }
      try await RunningNode.with(
        "killed", on: service.database.connectionString, policy: policy, ["--audit-file", path]
      ) { node in
        let count = try await service.database.count(
          "SELECT count(*) FROM trust_budget.audit_entries")
        try await wait(for: "the mirror to be complete") {
          try await node.get("/readyz").json["audit_mirror"]["entries"].integer == Int64(count)
        }
        let end = try await Program.run(
          "audit", "verify", "--file", path, "--against", service.database.connectionString)
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        let status = try await Program.run(
          "audit", "status", "--audit-file", path, "--json",
          environment: ["DATABASE_URL": service.database.connectionString])
        #expect(status.json["entries"].integer == Int64(count))
        #expect(status.json["entries_to_come"].integer == 0)
      }
    }
  }

  @Test(.enabled(if: ReadOnlyRoot.isPossible, "making a machine read-only needs root"))
  func `nothing about a file needs another place to write to than the file's own`() async throws {
    try await Service.with { service in
      // What is sorted by such names is more than SQLite keeps in memory of itself.
      let budget = "team:" + String(repeating: "long", count: 250)
      for batch in 0..<3 {
        let charges = (0..<1_000).map { number -> JSON in
          [
            "request_id": "sorted-\(batch)-\(number)", "username": "u",
            "budget_id": .text(budget), "initial_balance": 10_000,
          ]
        }
        let reply = try await service.node.post("/v1/charges/batch", ["charges": .list(charges)])
        #expect(reply.status == 200)
      }
      let count = try await service.database.count(
        "SELECT count(*) FROM trust_budget.audit_entries")
      let path = service.directory.file("volume/audit.db")
      let launcher = ReadOnlyRoot.launcher(but: service.directory)
      for _ in ["from nothing", "after kill -9, when the chains' ends are looked for"] {
        try await RunningNode.with(
          "node-2", on: service.database.connectionString,
          policy: service.directory.file(Service.policyFile), ["--audit-file", path], by: launcher
        ) { node in
          try await wait(for: "the mirror to be complete") {
            let mirror = try await node.get("/readyz").json["audit_mirror"]
            return mirror["state"] == "following" && mirror["entries"].integer == Int64(count)
          }
        }
      }
      let copy = service.directory.file("copy.db")
      let export = try await Program.run(
        "audit", "export", "--format", "sqlite", "--file", path, "--out", copy, by: launcher)
      #expect(export.status == 0, "\(export.errors)")
      for file in [path, copy] {
        let verdict = try await Program.run("audit", "verify", "--file", file, by: launcher)
        #expect(verdict.output.contains("\(count) entries of 1 budget, "), "\(verdict.errors)")
        #expect(verdict.status == 0)
      }
    }
  }

  @Test func `a node's file is read with its log, by a link to it too`() async throws {
    try await Service.with { service in
      for number in 0..<5 { _ = try await service.node.authorize("rich-\(number)") }
      try await wait(for: "the mirror to be complete") {
        try await service.node.get("/readyz").json["audit_mirror"]["entries"] == 10
      }
      let link = service.directory.file("link.db")
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: try service.node.program.auditFile)
      let verdict = try await Program.run("audit", "verify", "--file", link)
      #expect(verdict.output.contains("10 entries of 5 budgets"), "\(verdict.errors)")
    }
  }

  @Test func `a node stays ready while somebody else has its file`() async throws {
    try await Service.with { service in
      let policy = service.directory.file(Service.policyFile)
      let path = try service.node.program.auditFile
      try await RunningNode.with(
        "second", on: service.database.connectionString, policy: policy, ["--audit-file", path]
      ) { node in
        try await wait(for: "the second node to notice") {
          let ready = try await node.get("/readyz")
          return ready.status == 200
            && ready.json["audit_mirror"]["problem"].text?.contains("node node-1") == true
        }
        #expect(try await node.authorize("rich-1").status == 200)
      }
    }
  }

  @Test func `what was changed is named, by the program and by the verifier of the documents`()
    async throws
  {
    try await Service.with { service in
      for number in 0..<30 { _ = try await service.node.authorize("rich-\(number % 2)") }
      let path = service.directory.file("export.db")
      // Another test's open transaction may keep the newest back; that is said.
      try await wait(for: "an export of everything") {
        let export = try await Program.run(
          "audit", "export", "--format", "sqlite", "--out", path,
          environment: ["DATABASE_URL": service.database.connectionString])
        #expect(export.status == 0, "\(export.errors)")
        return !export.errors.contains("oldest open transaction")
      }
      #expect(try await verifyInPython(path).contains("rows: ok"))
      _ = try await service.node.authorize("rich-1")
      try await wait(for: "status to count the one entry that the export lacks") {
        try await Program.run(
          "audit", "status", "--audit-file", path,
          environment: ["DATABASE_URL": service.database.connectionString]
        ).output.contains("to come         1 entry\n")
      }
      // What stands in the file is shown, whatever PostgreSQL says.
      for words in [["--json"], []] {
        let status = try await Program.run(
          ["audit", "status", "--audit-file", path, "--database-url", "host=/nowhere"] + words
        )
        #expect(status.status == 1 && status.errors.contains("PostgreSQL: "), "\(status.errors)")
        #expect(status.output.contains("complete"), "\(status.output)")
      }
      try await tool(
        "sqlite3", path, "UPDATE audit_entries SET username = 'eve' WHERE budget_seq = 5")
      let end = try await Program.run("audit", "verify", "--file", path)
      #expect(end.status == 1)
      #expect(end.output.contains(/entry 5 \(entry_id [0-9]+\): its hash does not match/))
      await #expect(throws: TestFailure.self) { try await verifyInPython(path) }

      let piped = try await Program.run(
        "audit", "export", "--format", "csv", "--file", path, "--out", "-")
      #expect(piped.output.contains("user:rich-1"))

      // A terminal obeys none of what stands in a file.
      try await tool(
        "sqlite3", path, "UPDATE audit_entries SET budget_id = char(27, 91, 50, 74) WHERE rowid = 1"
      )
      let escaped = try await Program.run("audit", "verify", "--file", path)
      #expect(escaped.output.contains(#"\u{1b}[2J entry"#))
      #expect(!escaped.output.contains("\u{1B}"))

      let missing = try await Program.run("audit", "verify", "--file", path + ".not")
      #expect(missing.status == 1)
      for words in [["verify", "--file"], ["status", "--audit-file"]] {
        let end = try await Program.run(["audit"] + words + [path + ".not", "--json"])
        #expect(end.status == 1)
        #expect(end.json["problem"].text?.contains("No such file") == true, "\(end.output)")
      }
      #expect(missing.errors.contains("cannot be read"))
      let wrong = try await Program.run("audit", "export", "--format", "sqlite")
      #expect(wrong.status == 2)
    }
  }

  private func verifyInPython(_ path: String) async throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return try await tool(
      "python3", "-B", root.appending(path: "examples/verify_chain.py").path(percentEncoded: false),
      path)
  }
}

/// Break-glass events in the nodes' files.
@Suite struct MirroredEmergencyTests {
  @Test func `an emergency at one node is in every node's file soon, and in what is exported`()
    async throws
  {
    try await Service.with(nodes: 2, policy: EmergencyPolicy.text) { service in
      #expect(try await service.nodes[0].authorize("rich-1").status == 200)
      #expect(try await service.nodes[0].breakGlass("dev-a", ["request_id": "one"]).status == 200)
      #expect(try await service.nodes[1].breakGlass("dev-b", ["request_id": "two"]).status == 200)
      for node in service.nodes {
        try await wait(for: "the events to be in the file") {
          try await node.get("/readyz").json["audit_mirror"]["break_glass_events"] == 2
        }
        let file = node.program.auditFile
        let rows = try await tool(
          "sqlite3", file, "SELECT request_id, username FROM break_glass_events ORDER BY 1")
        #expect(rows == "one|dev-a\ntwo|dev-b\n")
        let against = try await Program.run(
          "audit", "verify", "--file", file, "--against", service.database.connectionString)
        #expect(against.status == 0, "\(against.output)\(against.errors)")
        #expect(against.output.contains("and 2 break-glass events compared with PostgreSQL: ok"))
        #expect(against.output.contains("0 entries and 0 break-glass events beyond that"))
      }
      let metrics = String(
        decoding: try await service.nodes[1].get("/metrics").body, as: UTF8.self)
      #expect(metrics.contains(/trust_budget_mirror_break_glass_events_total\{.*\} 2/))

      let file = try service.node.program.auditFile
      let csv = try await Program.run(
        "audit", "export", "--format", "csv", "--what", "break-glass", "--file", file)
      #expect(csv.output.split(separator: "\r\n").count == 3)
      let part = try await Program.run(
        "audit", "export", "--format", "jsonl", "--what", "break-glass", "--user", "dev-b",
        environment: ["DATABASE_URL": service.database.connectionString])
      #expect(part.json["request_id"] == "two")
      let target = service.directory.file("taken.db")
      let export = try await Program.run(
        "audit", "export", "--format", "sqlite", "--file", file, "--out", target)
      #expect(export.errors.contains("2 entries, 2 break-glass events"), "\(export.errors)")
      try await tool(
        "sqlite3", target, "UPDATE break_glass_events SET reason = 'x' WHERE request_id = 'two'")
      let verdict = try await Program.run("audit", "verify", "--file", target, "--json")
      #expect(verdict.status == 1)
      #expect(verdict.json["break_glass_events"] == 2 && verdict.json["journals"] == 2)
      #expect(verdict.json["faults"].list.map { $0["node_seq"] } == [1])
      let status = try await Program.run("audit", "status", "--audit-file", file, "--json")
      #expect(status.json["break_glass_events"] == 2)

      for wrong in [["sqlite", "--out"], ["csv", "--budget"]] {
        let end = try await Program.run(
          "audit", "export", "--what", "break-glass", "--format", wrong[0], wrong[1], target)
        #expect(end.status == 2)
      }
    }
  }

  @Test func `an export takes the place of no journal, and of no copy of one`() async throws {
    try await Service.with(policy: EmergencyPolicy.text) { service in
      #expect(try await service.node.breakGlass("dev-a", ["request_id": "one"]).status == 200)
      let journal = RunningNode.journal(
        of: try service.node.name, policy: service.directory.file(Service.policyFile))
      let copy = service.directory.file("copy.db")
      try await tool("sqlite3", journal, "VACUUM INTO '\(copy)'")
      for path in [journal, copy] {
        let export = try await Program.run(
          "audit", "export", "--format", "csv", "--out", path,
          environment: ["DATABASE_URL": service.database.connectionString])
        #expect(export.status == 1 && export.errors.contains("is a node's own file"), "\(export)")
        let events = try await tool("sqlite3", path, "SELECT request_id FROM break_glass_events")
        #expect(events == "one\n")
      }
    }
  }

  @Test func `events of a node that is killed while it copies them are there once`() async throws {
    try await Service.with(policy: EmergencyPolicy.text) { service in
      let path = service.directory.file("kept/audit.db")
      let policy = service.directory.file(Service.policyFile)
      for round in 0..<3 {
        let node = try await RunningNode.start(
          "killed", on: service.database.connectionString, policy: policy, ["--audit-file", path])
        async let replies = concurrently(20) { number in
          try? await service.node.breakGlass("dev-a", ["request_id": .text("\(round)-\(number)")])
            .status
        }
        try await wait(for: "some events") {
          try await service.emergencies().count > round * 20
        }
        await node.program.kill()
        #expect(try await replies.allSatisfy { $0 == 200 })
      }
      try await RunningNode.with(
        "killed", on: service.database.connectionString, policy: policy, ["--audit-file", path]
      ) { node in
        try await wait(for: "the mirror to be complete") {
          try await node.get("/readyz").json["audit_mirror"]["break_glass_events"] == 60
        }
        let end = try await Program.run(
          "audit", "verify", "--file", path, "--against", service.database.connectionString)
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        #expect(try await Program.run("audit", "verify", "--file", path).status == 0)
      }
    }
  }
}
