import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// Nodes as processes of their own, killed with SIGKILL in the middle of their work, generation after
/// generation; two of them at a time send the same requests.
///
/// `TRUST_BUDGET_CHAOS_GENERATIONS` (2) and `TRUST_BUDGET_CHAOS_SEED` make it longer, or the same
/// requests again.
@Suite struct KilledNodeTests {
  @Test func `every invariant holds after nodes were killed, and every lost answer is found`()
    async throws
  {
    let environment = ProcessInfo.processInfo.environment
    let generations = environment["TRUST_BUDGET_CHAOS_GENERATIONS"].flatMap { UInt64($0) } ?? 2
    let seed =
      environment["TRUST_BUDGET_CHAOS_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "chaos-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await TestDatabase.withLedger { database in
      for generation in 0..<generations {
        _ = try await concurrently(4) { node in
          await live(
            database, "\(directory)/\(generation)-\(node)",
            stream: seed + generation * 1_000 + UInt64(node / 2) * 100)
        }
      }
      let journal = ChaosJournal()
      try await database.withNodes(1) { nodes in
        try await recall(directory, into: journal, on: nodes[0])
      }
      try await database.expectSoundLedger()
      #expect(try await eventually { try await database.isDeserted() })
      let faults = try await journal.faults(in: database)
      #expect(faults.prefix(10) == [], "seed \(seed)")
    }
  }

  /// Lets a node live in a process until it kills itself.
  private func live(_ database: TestDatabase, _ journal: String, stream: UInt64) async {
    let (name, connectionString) = (database.name, database.connectionString)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [
        name = name as String, connectionString = connectionString as String,
        journal = journal as String, stream = stream as UInt64
      ] in
      try await DoomedNode(
        database: TestDatabase(name: name, connectionString: connectionString), journal: journal,
        streams: (0..<16).map { stream + $0 }, lifetime: .random(in: 100..<400)
      ).run()
    }
  }

  /// Reads what callers were told before their nodes died, and sends all that they had sent again.
  private func recall(
    _ directory: String, into journal: ChaosJournal, on node: BudgetLedger
  ) async throws {
    var told: [UInt64: [DoomedNode.Line]] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: directory) {
      for line in try DoomedNode.read("\(directory)/\(file)") {
        told[line.stream, default: []].append(line)
      }
    }
    let streams = told
    _ = try await concurrently(streams.count) { index in
      let (stream, lines) = Array(streams.sorted { $0.key < $1.key })[index]
      var operations = DoomedNode.Stream(stream)
      for number in 0...(lines.map(\.number).max() ?? 0) {
        guard let operation = operations.next() else { break }
        journal.note(sent: operation)
        for line in lines where line.number == number {
          if let answer = line.told { journal.note(operation.requestID.value, answer) }
        }
        let answer = try await node.perform(operation)
        journal.note(operation.requestID.value, ToldAnswer(answer))
      }
    }
  }
}
