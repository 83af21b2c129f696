import Foundation
import LibPQ
import Testing
import TrustBudgetTesting

/// Alone, since they count what the whole process has.
@Suite("Threads", .serialized)
struct ThreadTests {
  private func count(_ directory: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(directory)").count
  }

  private func connectionThreads() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count {
      let name = try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)
      return name == "leak-test\n"
    }
  }

  @Test func `two hundred connections, closed or just dropped, leave no thread and no descriptor`()
    async throws
  {
    let configuration = try PostgresConfiguration(await TestServer.connectionString())
    let descriptors = try count("fd")
    for round in 0..<20 {
      let connections = try await withThrowingTaskGroup(of: PostgresConnection.self) { group in
        for _ in 0..<10 { group.addTask { try await PostgresConnection.connect(configuration) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for connection in connections {
        // The thread carries the mark until it ends.
        try await connection.run { _ in Thread.current.name = "leak-test" }
        if round.isMultiple(of: 2) { await connection.close() }
      }
    }
    #expect(try await eventually { try connectionThreads() == 0 })
    // Other tests have connections of their own meanwhile, though nowhere near two hundred.
    #expect(try await eventually { try count("fd") < descriptors + 100 })
  }

  @Test func `connections block without waiting for one another`() async throws {
    let configuration = try PostgresConfiguration(await TestServer.connectionString())
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<40 {
        group.addTask {
          let connection = try await PostgresConnection.connect(configuration)
          try await connection.run { session in
            #expect(Thread.current.name == "postgres")
            try session.query("SELECT pg_sleep(0.5)")
          }
          try await connection.run(onTaskCancellation: .ignore) { _ in
            #expect(Thread.current.name == "postgres")
          }
        }
      }
      try await group.waitForAll()
    }
    // One after another they would take twenty seconds, and half of that on two threads.
    #expect(ContinuousClock.now - start < .seconds(8))
  }
}
