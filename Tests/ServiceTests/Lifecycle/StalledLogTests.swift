import Foundation
import Testing
import TrustBudgetTesting

/// Whoever collects the log may stall; who needs a certificate does not wait for him.
struct StalledLogTests {
  @Test func `a log that nobody reads holds up nobody, and the node leaves in time`() async throws {
    try await withNode { node, _ in
      for _ in 1...3 { #expect(try await node.breakGlass("dev-a").status == 200) }
      #expect(try await node.authorize("dev-a").status == 200)
      #expect(try await node.get("/healthz").status == 200)
      node.program.signal(SIGTERM)
      let end = try await node.program.end(within: .seconds(10))
      #expect(end.status == 0)
    }
  }

  @Test func `what the log has no room for is counted, and the rest is whole and in order`()
    async throws
  {
    try await withNode { node, pipe in
      // Longer than what a pipe takes as a whole, and more of them than the node keeps.
      let name = String(repeating: "a", count: 250)
      let approvers = JSON.list((1...32).map { .text("\(name)-\($0)") })
      let count = 150
      for number in 1...count {
        let reply = try await node.breakGlass(
          "dev-a", ["request_id": .text("early-\(number)"), "approvers": approvers])
        #expect(reply.status == 200)
      }

      var log = Data()
      func entries() throws -> [JSON] {
        try log.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
      }
      try await wait(for: "the loss to be told") {
        log += pipe.read()
        return log.last == UInt8(ascii: "\n") && log.range(of: Data("log entries lost".utf8)) != nil
      }
      let told = try entries()
      let kept = told.compactMap { $0["metadata"]["request_id"].text }
      #expect(kept.count > 100)
      #expect(kept == kept.indices.map { "early-\($0 + 1)" })
      let loss = try #require(told.first { $0["message"] == "log entries lost" })
      #expect(loss["level"] == "warning")
      // Something else may have happened meanwhile.
      let missing = count - kept.count
      let lost = try #require(loss["metadata"]["entries"].text.flatMap { Int($0) })
      #expect((missing...missing + 5).contains(lost))

      // What waits in the end is written before the node is gone.
      for number in 1...3 {
        _ = try await node.breakGlass(
          "dev-a", ["request_id": .text("late-\(number)"), "approvers": approvers])
      }
      log = Data()
      node.program.signal(SIGTERM)
      try await wait(for: "the end") {
        log += pipe.read()
        return !node.program.isRunning
      }
      log += pipe.read()
      let late = try entries()
      #expect(
        late.compactMap { $0["metadata"]["request_id"].text } == ["late-1", "late-2", "late-3"])
      #expect(late.contains { $0["message"] == "leaving" })
      #expect(try await node.program.end().status == 0)
    }
  }

  /// Lends a node that logs into a full pipe, and has come to listen all the same.
  private func withNode(_ body: (RunningNode, StalledPipe) async throws -> Void) async throws {
    try await Gate.services.pass {
      try await TestDatabase.withLedger { database in
        try await Undertaker.shared.withDirectory { directory in
          let policy = try directory.write(EmergencyPolicy.text, to: "policy.yaml")
          let pipe = try StalledPipe(in: directory)
          // Its log can't tell the port.
          let socket = "/tmp/tb-\(UInt32.random(in: .min ... .max)).socket"
          defer { unlink(socket) }
          let program = try Program.start(
            [
              "serve", "--policy", policy, "--auth", "none", "--unix-socket", socket,
              "--database-url", database.connectionString, "--break-glass-journal",
              RunningNode.journal(of: "node-1", policy: policy), "--log-format", "json",
            ], by: pipe.launcher)
          do {
            let node = RunningNode(
              name: "node-1", url: "http+unix://\(socket.replacing("/", with: "%2F"))",
              program: program)
            try await wait(for: "the node") {
              (try? await node.get("/healthz"))?.status == 200
            }
            try await body(node, pipe)
          } catch {
            await program.kill()
            throw error
          }
          await program.kill()
        }
      }
    }
  }
}
