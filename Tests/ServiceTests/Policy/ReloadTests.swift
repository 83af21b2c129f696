import Foundation
import Testing
import TrustBudgetTesting

/// The policy is read again on SIGHUP and when its file changes; a broken file never replaces a good
/// one.
struct ReloadTests {
  private func policy(balance: Int) -> String {
    """
    policies:
      - name: All
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          initial_balance: \(balance)
    """
  }

  @Test(arguments: [false, true])
  func `a changed file is taken over, and a broken one is not`(withSignal: Bool) async throws {
    try await Service.with(policy: policy(balance: 10)) { service in
      let node = try service.node
      let first = try await node.get("/v1/policy").json
      #expect(try await node.authorize("a").json["trust_budget"]["remaining"] == 9)

      try change(to: policy(balance: 20), service, signal: withSignal)
      let second = try await wait(for: "the new policy") {
        let now = try await node.get("/v1/policy").json
        return now["digest"] == first["digest"] ? nil : now
      }
      #expect(second["loaded_at"].text ?? "" > first["loaded_at"].text ?? "")
      #expect(try await node.authorize("a").json["trust_budget"]["remaining"] == 18)

      try change(to: "policies:\n  - nome: All\n", service, signal: withSignal)
      let third = try await wait(for: "the broken policy to be refused") {
        let now = try await node.get("/v1/policy").json
        return now["rejected_file"].text == nil ? nil : now
      }
      #expect(third["digest"] == second["digest"])
      #expect(third["loaded_at"] == second["loaded_at"])
      let problem = try #require(third["rejected_file"].text)
      #expect(problem.contains("policy.yaml:2:5"), "\(problem)")
      #expect(problem.contains("nome"), "\(problem)")
      #expect(try await node.authorize("a").json["trust_budget"]["remaining"] == 17)
      try await service.nodes[0].program.hasSaid("policy not loaded")

      try change(to: policy(balance: 30), service, signal: withSignal)
      try await wait(for: "the mended policy") {
        try await node.get("/v1/policy").json["rejected_file"] == .null
      }
      #expect(try await node.authorize("a").json["trust_budget"]["remaining"] == 26)
      #expect(
        try await service.entries(of: "user:a") == ["allocation": 3, "charge": 4])
    }
  }

  @Test func `a request that was charged has its receipt, though the policy refuses it by now`()
    async throws
  {
    let others = policy(balance: 10) + "\n    match: {local_usernames: [\"other-*\"]}"
    try await Service.with(policy: policy(balance: 10)) { service in
      let node = try service.node
      let id: JSON = ["request_id": "early"]
      let first = try await node.authorize("a", id)
      #expect(first.json["trust_budget"]["remaining"] == 9)
      #expect(try await node.authorize("a", ["request_id": "returned"]).status == 200)
      #expect(try await node.post("/v1/charges/returned/refund", [:]).status == 200)
      #expect(try await node.authorize("a", ["request_id": "signed"]).status == 200)
      #expect(
        try await node.post(
          "/v1/charges/signed/settlement",
          ["serial": "1", "key_id": "a", "fingerprint": "SHA256:x"]
        ).status == 200)
      try change(to: others, service, signal: true)
      try await wait(for: "the new policy") {
        try await node.authorize("a", ["dry_run": true]).status == 403
      }

      let again = try await node.authorize("a", id)
      #expect(again.json.without("replayed") == first.json)
      #expect(again.json["replayed"] == true)
      let dryRun = try await node.authorize("a", ["request_id": "early", "dry_run": true])
      #expect(dryRun.json["dry_run"] == true)
      for (username, id) in [("b", "early"), ("a", "returned"), ("a", "signed"), ("a", "new")] {
        let reply = try await node.authorize(username, ["request_id": .text(id)])
        #expect(reply.problem == "no-matching-rule")
      }
      #expect(
        try await service.entries(of: "user:a") == [
          "allocation": 1, "charge": 3, "refund": 1, "settlement": 1,
        ])
    }
  }

  @Test func `a file that is gone is no reason to forget the policy`() async throws {
    try await Service.with { service in
      let node = try service.node
      let path = service.directory.file(Service.policyFile)
      try FileManager.default.removeItem(atPath: path)
      try await wait(for: "the missing file to be noticed") {
        try await node.get("/v1/policy").json["rejected_file"].text != nil
      }
      #expect(try await node.authorize("dev-a").status == 200)
      try service.directory.write(SamplePolicy.text, to: Service.policyFile)
      try await wait(for: "the file to be back") {
        try await node.get("/v1/policy").json["rejected_file"] == .null
      }
    }
  }

  @Test func `a retry after a change of policy still gets its first receipt`() async throws {
    try await Service.with(policy: policy(balance: 10)) { service in
      let node = try service.node
      let first = try await node.authorize("a", ["request_id": "kept"])
      try change(to: policy(balance: 5), service, signal: true)
      try await wait(for: "the new policy") {
        try await node.authorize("b").json["trust_budget"]["remaining"].integer ?? 10 < 5
      }
      let again = try await node.authorize("a", ["request_id": "kept"])
      #expect(again.json.without("replayed") == first.json)
    }
  }

  @Test func `a SIGHUP is answered in the log, though the file is as it was`() async throws {
    try await Service.with { service in
      let program = try service.node.program
      program.signal(SIGHUP)
      try await wait(for: "the good file to be read again") {
        program.errors.contains("policy loaded")
      }
      try service.directory.write("policies: 7\n", to: Service.policyFile)
      for count in 1...3 {
        try await wait(for: "the broken file to be refused \(count) times") {
          program.errors.matches(of: /policy not loaded/).count >= count
        }
        program.signal(SIGHUP)
      }
    }
  }

  @Test func `a SIGHUP during a slow start is heeded once the node runs`() async throws {
    try await TestDatabase.withLedger { database in
      try await Undertaker.shared.withDirectory { directory in
        let path = try directory.write(policy(balance: 10), to: Service.policyFile)
        try await database.withConnection { holder in
          try await holder.execute("BEGIN; LOCK TABLE trust_budget.schema_migrations")
          let arguments = [
            "serve", "--policy", path, "--listen", "127.0.0.1:0", "--auth", "none",
            "--break-glass-journal", directory.file("journal.db"),
          ]
          try await Program.with(
            arguments, environment: ["DATABASE_URL": database.connectionString]
          ) { program in
            try await wait(for: "the node to look at the schema") {
              try await database.isWaiting("relation")
            }
            try directory.write(policy(balance: 20), to: Service.policyFile)
            program.signal(SIGHUP)
            try await holder.execute("ROLLBACK")
            try await wait(for: "the new policy, \(program.errors)") {
              program.errors.contains("policy loaded")
            }
          }
        }
      }
    }
  }

  private func change(to text: String, _ service: Service, signal: Bool) throws {
    try service.directory.write(text, to: Service.policyFile)
    if signal { try service.node.program.signal(SIGHUP) }
  }
}
