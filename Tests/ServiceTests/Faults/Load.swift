import Synchronization
import Testing
import TrustBudgetTesting

/// Clients that charge one budget, one request after another, until they are told to stop.
final class Load: Sendable {
  /// A request, and what was answered; nil where nothing was.
  typealias Attempt = (number: Int, reply: Reply?)

  private let points: Int
  private let numbers = Atomic(0)
  private let answers = Atomic(0)
  private let isOver = Atomic(false)

  init(points: Int) {
    self.points = points
  }

  /// How many requests were answered so far.
  var answered: Int { answers.load(ordering: .relaxed) }

  func stop() { isOver.store(true, ordering: .relaxed) }

  /// Runs the clients, each on a node of its own choice. One that gets no answer gives up.
  func run(clients: Int = 32, on nodes: [any Reachable]) async throws -> [Attempt] {
    try await concurrently(clients) { [self] client in
      var attempts: [Attempt] = []
      while !isOver.load(ordering: .relaxed) {
        let number = numbers.add(1, ordering: .relaxed).newValue
        let reply = try? await nodes[client % nodes.count].post("/v1/charges", charge(number))
        attempts.append((number, reply))
        guard reply != nil else { break }
        answers.add(1, ordering: .relaxed)
      }
      return attempts
    }.flatMap { $0 }
  }

  /// One point for one request; the same number is the same request.
  func charge(_ number: Int) -> JSON {
    [
      "request_id": "load-\(number)", "username": "user-\(number)", "budget_id": "group:load",
      "initial_balance": JSON(points),
    ]
  }

  /// Repeats every request, and checks that whoever was told yes has paid once and is told the same
  /// again, and that nobody has paid twice.
  func expectExactness(
    of attempts: [Attempt], repeatedOn node: RunningNode, _ database: TestDatabase
  ) async throws {
    let repeated = try await concurrently(attempts.count) { [self] index in
      try await wait(for: "the ledger to be back") {
        let reply = try await node.post("/v1/charges", charge(attempts[index].number))
        return reply.status == 503 ? nil : reply
      }
    }
    let rows = try await database.query(
      """
      SELECT request_id, count(*) FROM trust_budget.audit_entries
      WHERE kind = 'charge' GROUP BY request_id
      """)
    let charges = Dictionary(uniqueKeysWithValues: rows.map { ($0[0] ?? "", $0[1] ?? "") })
    #expect(charges.values.allSatisfy { $0 == "1" })
    for ((number, first), second) in zip(attempts, repeated) {
      #expect([200, 403].contains(second.status), "\(second.json)")
      #expect((second.status == 200) == (charges["load-\(number)"] != nil))
      if first?.status == 200 {
        #expect(second.json["replayed"] == true)
        #expect(second.json.without("replayed") == first?.json.without("replayed"))
      }
    }
    try await database.expectSoundLedger()
  }
}
