import Foundation
import Testing
import TrustBudgetTesting

/// An attempt that `exec` repeats once its rule has no budget any more: the node looks for no earlier charge then.
struct EarlierChargeTests {
  private func policy(hasBudget: Bool) -> String {
    """
    policies:
      - name: All
        principals: ["user"]
        max_duration: "15m"
    """ + (hasBudget ? "\n    trust_budget: {initial_balance: 10}" : "")
  }

  private func exec(
    on node: RunningNode, id: String, _ command: String...
  ) async throws -> RunningProgram.End {
    let arguments = ["exec", "--server", node.url, "--username", "a", "--request-id", id, "--"]
    return try await Program.run(arguments + command)
  }

  @Test func `one charge pays for one certificate, though its rule has no budget by now`()
    async throws
  {
    try await Service.with(policy: policy(hasBudget: true)) { service in
      let node = try service.node
      let keys = try await SSHKeys(in: service.directory)
      let ids = ["settled", "refunded", "signs", "fails"]
      for id in ids {
        #expect(try await node.authorize("a", ["request_id": .text(id)]).status == 200)
      }
      #expect(try await node.authorize("b", ["request_id": "another's"]).status == 200)
      let certificate: JSON = ["serial": "1", "key_id": "a", "fingerprint": "SHA256:x"]
      #expect(try await node.post("/v1/charges/settled/settlement", certificate).status == 200)
      #expect(try await node.post("/v1/charges/refunded/refund", [:]).status == 200)
      try service.directory.write(policy(hasBudget: false), to: Service.policyFile)
      node.program.signal(SIGHUP)
      try await wait(for: "the new policy") {
        try await node.authorize("a", ["dry_run": true]).json["trust_budget"] == .null
      }

      let mark = service.directory.file("mark")
      for (id, words) in [
        ("settled", "a certificate was signed for settled before, so nothing is run now"),
        ("refunded", "refunded was refunded before, so nothing is run now"),
        ("another's", "another's was used for another request, and b was charged"),
      ] {
        let end = try await exec(on: node, id: id, "touch", mark)
        #expect(end.status == 1)
        #expect(end.errors.contains(words), "\(end.errors)")
        #expect(!FileManager.default.fileExists(atPath: mark))
      }
      let signed = try await exec(
        on: node, id: "signs", "ssh-keygen", "-q", "-s", keys.authority, "-I", "a", "-n", "user",
        "-V", "+15m", try await keys.makeKey())
      #expect(signed.status == 0, "\(signed.errors)")
      #expect(signed.errors.contains("signs was charged before"), "\(signed.errors)")
      let failed = try await exec(on: node, id: "fails", "false")
      #expect(failed.status == 1)
      #expect(failed.errors.contains("fails stays charged, although"), "\(failed.errors)")
      for (id, state) in zip(ids, ["settled", "refunded", "settled", "charged"]) {
        #expect(try await node.get("/v1/charges/\(id)").json["state"] == .text(state))
      }
      let new = try await exec(on: node, id: "new", "true")
      #expect(new.status == 0)
      #expect(new.errors == "trust-budget: allowed; this rule has no budget.\n")
    }
  }

  @Test func `without PostgreSQL a rule without a budget works, and says what is not known`()
    async throws
  {
    try await Service.withGround { database, directory in
      let policy = try directory.write(policy(hasBudget: false), to: Service.policyFile)
      try await PostgresProxy.with(database) { proxy in
        proxy.refuseConnections()
        try await RunningNode.with(on: proxy.connectionString, policy: policy) {
          let end = try await exec(on: $0, id: "away", "echo", "ran")
          #expect(end.status == 0)
          #expect(end.output == "ran\n")
          #expect(
            end.errors.contains("whether away was charged before is not known"),
            "\(end.errors)")
        }
      }
    }
  }
}
