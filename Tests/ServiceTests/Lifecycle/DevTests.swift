import Foundation
import Testing
import TrustBudgetTesting

/// `trust-budget dev`: everything in one, and nothing left of it.
@Suite(.serialized)
struct DevTests {
  private struct Node: Reachable {
    let url: String
  }

  /// The addresses of the two nodes, once they listen.
  private func nodes(of program: RunningProgram) async throws -> [Node] {
    let text = try await wait(for: "two nodes to listen", within: .seconds(60)) {
      let text = program.output
      guard program.isRunning else { return text }
      return text.contains("Ctrl-C ends everything.") ? text : nil
    }
    let nodes = text.matches(of: /dev-[12]  (http:\/\/127\.0\.0\.1:[0-9]+)/)
    try #require(nodes.count == 2, "\(program.output)\(program.errors)")
    return nodes.map { Node(url: String($0.1)) }
  }

  @Test func `two nodes share one balance, and nothing is left of an ephemeral one`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let home = directory.file("dev")
      try await Program.with(["dev", "--ephemeral", "--port", "0", "--directory", home]) {
        program in
        let nodes = try await nodes(of: program)
        for number in 0..<10 {
          let reply = try await nodes[number % 2].authorize("alice")
          #expect(reply.json["trust_budget"]["remaining"] == JSON(9 - number))
        }
        #expect(try await nodes[1].authorize("alice").status == 403)
        let emergency = try await nodes[0].breakGlass("alice", ["approvers": ["bob"]])
        #expect(emergency.json["principals"] == ["root"])
        // An allocation, ten charges, a denial; each node counts what its own mirror took.
        for (node, name) in zip(nodes, ["dev-1", "dev-2"]) {
          try await wait(for: "the mirror of \(name) to count the entries") {
            try await Metrics(of: node)["trust_budget_mirror_entries_total{node=\"\(name)\"}"] == 12
          }
          #expect(
            try await Metrics(of: node).names.contains("trust_budget_break_glass_events_total"))
        }

        let database = try #require(program.output.firstMatch(of: /DATABASE_URL="(.*)"/)).1
        let list = try await Program.run(
          "budget", "list", "--json", environment: ["DATABASE_URL": String(database)])
        #expect(list.json["budgets"][0]["balance"] == 0)
        #expect(!Processes.mentioning(home).filter { $0 != program.processIdentifier }.isEmpty)

        program.signal(SIGTERM)
        let end = try await program.end(within: .seconds(20))
        #expect(end.status == 0, "\(end.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: home))
      try await wait(for: "the last process to be gone") { Processes.mentioning(home).isEmpty }
    }
  }

  @Test func `balances and the sample policy survive a restart`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let home = directory.file("dev")
      for remaining in [9, 8] {
        try await Program.with(["dev", "--port", "0", "--directory", home]) { program in
          let node = try await nodes(of: program)[0]
          let reply = try await node.authorize("alice")
          #expect(reply.json["trust_budget"]["remaining"] == JSON(remaining))
          program.signal(SIGINT)
          let end = try await program.end(within: .seconds(20))
          #expect(end.status == 0, "\(end.errors)")
        }
        #expect(FileManager.default.fileExists(atPath: "\(home)/policy.yaml"))
        #expect(Processes.mentioning(home).isEmpty)
      }
    }
  }

  @Test func `a killed one leaves no PostgreSQL running`() async throws {
    try await Undertaker.shared.withDirectory { directory in
      let home = directory.file("dev")
      try await Program.with(["dev", "--ephemeral", "--port", "0", "--directory", home]) {
        program in
        _ = try await nodes(of: program)
        program.signal(SIGKILL)
        #expect(try await program.end().status == 128 + SIGKILL)
      }
      try await wait(for: "the last process to be gone") { Processes.mentioning(home).isEmpty }
      // The files that it kept are of a ledger that is gone.
      try await Program.with(["dev", "--ephemeral", "--port", "0", "--directory", home]) {
        program in
        let node = try await nodes(of: program)[0]
        try await wait(for: "the mirror to follow") {
          try await node.get("/readyz").json["audit_mirror"]["state"] == "following"
        }
      }
    }
  }
}
