import Foundation
import Testing
import TrustBudgetTesting

/// A node that dies loses nothing that it answered, and what it did not answer can be asked again.
struct NodeCrashTests {
  @Test func `a node killed under load leaves a sound ledger, and lost answers can be had again`()
    async throws
  {
    try await Service.with(nodes: 2) { service in
      let load = Load(points: 400)
      async let running = load.run(on: service.nodes)
      try await wait(for: "the load to be under way") { load.answered > 100 }
      service.nodes[1].program.signal(SIGKILL)
      let before = load.answered
      try await wait(for: "the other node to go on") { load.answered > before + 100 }
      load.stop()
      let attempts = try await running

      #expect(attempts.contains { $0.reply == nil })
      #expect(attempts.allSatisfy { [200, 403, nil].contains($0.reply?.status) })
      try await load.expectExactness(
        of: attempts, repeatedOn: service.nodes[0], service.database)
    }
  }

  @Test func `clients that vanish leave no lock and no session behind`() async throws {
    try await Service.with { service in
      let load = Load(points: 1_000)
      _ = try await concurrently(100) { number in
        try? await service.node.post(
          "/v1/charges", load.charge(number), within: .milliseconds(number))
      }
      try await wait(for: "the node to have nothing left to do") {
        try await service.node.get("/readyz").json["queue_length"] == 0
      }
      try await wait(for: "no transaction to be open") {
        try await service.database.count(
          """
          SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND state LIKE 'idle in transaction%'
          """) == 0
      }
      #expect(try await service.node.post("/v1/charges", load.charge(0)).status == 200)
    }
  }
}
