import LibPQ
import Testing
import TrustBudget
import TrustBudgetTesting

@testable import BudgetLedger

/// PostgreSQL adds nothing to the rules and loses nothing of them.
@Suite struct AgreementTests {
  @Test(arguments: [1, 2, 20_260_102] as [UInt64])
  func `random operations on two nodes leave the answers, entries and rows of the pure rules`(
    seed: UInt64
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await database.withNodes(2) { nodes in
        try await database.withConnection { connection in
          var comparison = try await Comparison(seed: seed, connection: connection)
          for number in 0..<250 {
            try await comparison.step(on: nodes[number % 2], named: "node-\(number % 2 + 1)")
          }
          try await comparison.expectEqualRows()
          #expect(comparison.kinds == Set(Entry.Kind.allCases))
        }
      }
      try await database.expectSoundLedger()
    }
  }

  /// A ledger on PostgreSQL and one in memory, given the same operations.
  private struct Comparison {
    let connection: PostgresConnection
    var domain: DomainLedger
    var random: RandomOperations
    var sent: [TrustBudget.Operation] = []

    init(seed: UInt64, connection: PostgresConnection) async throws {
      self.connection = connection
      let identity = try await connection.run { try $0.execute(ReadLedger()).first?.identity }
      domain = DomainLedger(identity: try #require(identity))
      random = RandomOperations(seed: seed, name: "r", budgets: 6)
    }

    var kinds: Set<Entry.Kind> { Set(domain.entries.map(\.kind)) }

    mutating func step(on node: BudgetLedger, named name: String) async throws {
      let operation = try random.next(after: sent.suffix(40))
      sent.append(operation)
      let before = try await clock()
      let answer = try await node.perform(operation)
      let after = try await clock()
      let written = domain.entries.count
      let entries = try await connection.run { try $0.execute(EntriesAfter(count: written)) }
      // An entry says when it was decided. What wrote none was decided between two looks at the
      // clock, which only matters if a window ended in between.
      let moments = entries.first.map { [$0.occurredAt] } ?? [before, after]
      let decided = moments.map { moment in
        var ledger = domain
        let expected = ledger.decide(operation, node: name, at: moment)
        return (ledger, expected)
      }
      let agreeing = decided.first { $0.1 == answer }
      try #require(
        agreeing != nil, "\(operation): \(answer), not \(decided.map(\.1))")
      domain = agreeing?.0 ?? domain
      try #require(Array(domain.entries[written...]) == entries)
    }

    func expectEqualRows() async throws {
      let rows = try await connection.run { try $0.execute(ReadAllBudgets()) }
      #expect(
        Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) }) == domain.budgets)
      #expect(rows.count > 3)
    }

    private func clock() async throws -> Timestamp {
      let now = try await connection.run { try $0.execute(ReadClock()).first }
      return try #require(now)
    }
  }
}
