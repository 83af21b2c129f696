import Foundation
import PrivatePostgres
import Testing
import TrustBudgetTesting

/// What happens to a service whose PostgreSQL dies, or stands still. Each test has a server of its own.
@Suite(.serialized)
struct PostgresCrashTests {
  @Test func `a PostgreSQL killed under load loses no answer, and is back without a restart`()
    async throws
  {
    try await withPostgres { postgres, service in
      let load = Load(points: 300)
      async let running = load.run(on: service.nodes)
      try await wait(for: "the load to be under way") { load.answered > 100 }
      postgres.kill()
      try await wait(for: "the crash to be noticed") {
        try await service.node.get("/readyz").status == 503
      }
      try await postgres.restart()
      try await wait(for: "the nodes to be back") {
        try await service.nodes[1].authorize("rich-back").status == 200
      }
      load.stop()
      let attempts = try await running

      for (_, reply) in attempts {
        #expect([200, 403, 503].contains(reply?.status))
        guard reply?.status == 503 else { continue }
        #expect(["ledger-unavailable", "outcome-unknown"].contains(reply?.problem))
        #expect(reply?.retryAfter != nil)
      }
      try await load.expectExactness(
        of: attempts, repeatedOn: service.nodes[1], service.database)
    }
  }

  @Test func `a PostgreSQL that stands still is answered for within five seconds`() async throws {
    try await withPostgres { postgres, service in
      #expect(try await service.node.authorize("rich-0").status == 200)
      let processes = try Processes.family(of: try #require(postgres.processIdentifier))
      for process in processes { kill(process, SIGSTOP) }
      defer { for process in processes { kill(process, SIGCONT) } }

      // A lane that has a session, lanes that have none yet, and requests that find theirs busy.
      let replies = try await concurrently(8) { number in
        let start = ContinuousClock.now
        let reply = try await service.node.authorize("rich-\(number % 4)")
        return (reply, ContinuousClock.now - start)
      }
      for (reply, duration) in replies {
        #expect(reply.status == 503)
        #expect(reply.retryAfter != nil)
        // Five, and ten for a machine that is busy: without bounds it would be for ever.
        #expect(duration < .seconds(15), "\(reply.json)")
      }
      #expect(try await service.node.authorize("free-still").status == 200)

      for process in processes { kill(process, SIGCONT) }
      try await wait(for: "the ledger to be back") {
        try await service.node.authorize("rich-after").status == 200
      }
    }
  }

  /// Lends a server and two nodes on it.
  private func withPostgres(
    _ body: (PrivatePostgres, Service) async throws -> Void
  ) async throws {
    try await Gate.services.pass {
      try await Undertaker.shared.withDirectory { directory in
        let postgres = try await PrivatePostgres.start(
          directory: URL(filePath: directory.file("postgres")),
          settings: ["max_connections": "50", "shared_buffers": "16MB"], ephemeral: true)
        do {
          let end = try await Program.run(
            "migrate", "up", environment: ["DATABASE_URL": postgres.connectionString])
          #expect(end.status == 0, "\(end.errors)")
          let policy = try directory.write(SamplePolicy.text, to: Service.policyFile)
          let database = TestDatabase(
            name: "postgres", connectionString: postgres.connectionString)
          try await RunningNode.with(
            ["node-1", "node-2"], on: postgres.connectionString, policy: policy
          ) { nodes in
            try await body(
              postgres, Service(database: database, nodes: nodes, directory: directory))
          }
          await postgres.stop()
        } catch {
          await postgres.stop()
          throw error
        }
      }
    }
  }
}
