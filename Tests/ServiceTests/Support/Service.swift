import Testing
import TrustBudgetTesting

/// Some nodes that share one ledger and one policy file.
struct Service: Sendable {
  let database: TestDatabase
  let nodes: [RunningNode]
  let directory: TemporaryDirectory

  /// The first node.
  var node: RunningNode {
    get throws { try #require(nodes.first) }
  }

  /// The policy file, in ``directory``.
  static let policyFile = "policy.yaml"

  /// Lends what a service stands on: a ledger, and a directory for its files.
  static func withGround<R>(
    _ body: (TestDatabase, TemporaryDirectory) async throws -> R
  ) async throws -> R {
    try await Gate.services.pass {
      try await TestDatabase.withLedger { database in
        try await Undertaker.shared.withDirectory { try await body(database, $0) }
      }
    }
  }

  /// Lends a service of its own, and checks afterwards that its ledger is sound.
  static func with<R>(
    nodes count: Int = 1, policy: String = SamplePolicy.text, auth: String = "none",
    _ body: (Service) async throws -> R
  ) async throws -> R {
    try await withGround { database, directory in
      let path = try directory.write(policy, to: policyFile)
      let names = (0..<count).map { "node-\($0 + 1)" }
      return try await RunningNode.with(
        names, on: database.connectionString, policy: path, auth: auth
      ) { nodes in
        let result = try await body(
          Service(database: database, nodes: nodes, directory: directory))
        try await database.expectSoundLedger()
        return result
      }
    }
  }

  /// How many entries there are, by kind.
  func entries(of budget: String? = nil) async throws -> [String: Int] {
    let rows = try await database.query(
      "SELECT kind, count(*) FROM trust_budget.audit_entries"
        + (budget.map { " WHERE budget_id = '\($0)'" } ?? "") + " GROUP BY kind")
    return Dictionary(
      uniqueKeysWithValues: rows.map { ($0[0] ?? "", Int($0[1] ?? "") ?? -1) })
  }
}

/// One service for all tests of a suite: a table of two hundred rows does not start two hundred.
///
/// Each test has users and budgets of its own.
struct ServiceScope: SuiteTrait, TestScoping {
  @TaskLocal static var service: Service?

  let nodes: Int
  let policy: String

  func provideScope(
    for test: Test, testCase: Test.Case?, performing tests: @Sendable () async throws -> Void
  ) async throws {
    try await Service.with(nodes: nodes, policy: policy) { service in
      try await ServiceScope.$service.withValue(service) { try await tests() }
    }
  }
}

extension Trait where Self == ServiceScope {
  static func service(nodes: Int = 1, policy: String = SamplePolicy.text) -> Self {
    ServiceScope(nodes: nodes, policy: policy)
  }
}

extension Service {
  /// The service of the suite that the running test belongs to.
  static var current: Service {
    get throws { try #require(ServiceScope.service, "the suite has no service") }
  }
}
