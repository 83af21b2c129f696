import BreakGlass
import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// From the journal to PostgreSQL: each event once, whatever happens on the way.
@Suite struct ForwardingTests {
  @Test func `a thousand at once while PostgreSQL comes and goes are a thousand events`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        async let flapping: Void = {
          for _ in 1...20 {
            proxy.refuseConnections()
            try await Task.sleep(for: .milliseconds(20))
            proxy.acceptConnections()
            proxy.inject(.cutAfterCommit)
            try await Task.sleep(for: .milliseconds(100))
          }
        }()
        let sequences = try await withThrowingTaskGroup { group in
          for number in 0..<1_000 {
            group.addTask { try await node.record("user-\(number)", id: "\(number)") }
          }
          return try await group.reduce(into: []) { $0.append($1.outcome.event?.sequence ?? 0) }
        }
        #expect(sequences.sorted() == Array(1...1_000))
        try await flapping
        #expect(
          try await eventually(within: .seconds(60)) {
            try await database.events() == (0..<1_000).map { "\($0)" }.sorted()
          })
      }
    }
  }

  @Test(arguments: PostgresProxy.Fault.allCases)
  func `a COMMIT that is lost on the way makes nothing twice`(fault: PostgresProxy.Fault)
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        proxy.inject(fault)
        for number in 1...5 { _ = try await node.record(id: "\(number)") }
        #expect(
          try await eventually(within: .seconds(40)) {
            try await database.events() == ["1", "2", "3", "4", "5"]
          })
      }
    }
  }

  @Test func `events that a failover forgot are sent again, and that is said`() async throws {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        for number in 1...3 { _ = try await node.record(id: "\(number)") }
        #expect(try await eventually { try await database.events().count == 3 })
        try await database.changeEvents(
          "DELETE FROM trust_budget.break_glass_events WHERE node_seq > 1")
        _ = try await node.record(id: "4")
        #expect(try await eventually { try await database.events() == ["1", "2", "3", "4"] })
        #expect(node.log.text.contains("critical break-glass events are gone from PostgreSQL"))
      }
    }
  }

  @Test func `a copied journal is found out: nothing is overwritten, and it is said`() async throws
  {
    try await withForkedCopy { proxy, database, copy in
      try await Node.with(journal: copy, on: proxy.connectionString) { (node) async throws in
        let reply = try await node.record(id: "mine")
        #expect(reply.store == .journal)
        #expect(try await eventually { node.breakGlass.status.isForked })
        let said = "critical break-glass journal and PostgreSQL disagree"
        #expect(try await eventually { node.log.text.contains(said) })
        #expect(try await database.events() == ["1", "2"])
        // It is still there for whoever looks.
        #expect(
          await node.breakGlass.askJournal { try await $0.events(after: 1, limit: 9) }?
            .map(\.requestID) == ["mine"]
        )
      }
    }
  }

  @Test func `a forked journal that was moved away is not in the way of the next one`() async throws
  {
    try await withForkedCopy { proxy, database, copy in
      try await Node.with(journal: copy, on: proxy.connectionString) { (node) async throws in
        _ = try await node.record(id: "mine")
        #expect(try await eventually { node.breakGlass.status.isForked })
        try FileManager.default.moveItem(atPath: copy, toPath: copy + ".forked")
        // The first finds that the file is gone; the journal after it has what comes from then on.
        for id in ["3", "4"] { _ = try await node.record(id: id) }
        #expect(
          try await eventually(within: .seconds(60)) {
            try await database.events() == ["1", "2", "3", "4"]
          })
        #expect(try await eventually { !node.breakGlass.status.isForked })
      }
    }
  }

  @Test func `a forked journal that was deleted is saved, with what it alone has`() async throws {
    try await withForkedCopy { proxy, database, copy in
      try await Node.with(journal: copy, on: proxy.connectionString) { (node) async throws in
        _ = try await node.record(id: "mine")
        #expect(try await eventually { node.breakGlass.status.isForked })
        // What was saved of the same journal before.
        let before = "\(copy).removed-\(node.breakGlass.status.journalID ?? "")"
        try Data("before".utf8).write(to: URL(filePath: before))
        for ending in ["", "-wal", "-shm"] {
          try? FileManager.default.removeItem(atPath: copy + ending)
        }
        for id in ["3", "4"] { _ = try await node.record(id: id) }
        #expect(
          try await eventually(within: .seconds(60)) {
            try await database.events() == ["1", "2", "3", "4"]
          })
        #expect(
          try await eventually { node.log.text.contains("was removed and PostgreSQL disagree") })
      }
      let directory = URL(filePath: copy).deletingLastPathComponent()
      let names = try FileManager.default.contentsOfDirectory(
        atPath: directory.path(percentEncoded: false))
      let saved = try #require(
        names.first { $0.hasPrefix("copy.db.removed-") && $0.hasSuffix("-2") })
      let before = directory.appending(path: saved.dropLast(2))
      #expect(try String(contentsOf: before, encoding: .utf8) == "before")
      let journal = try BreakGlassJournal(
        path: directory.appending(path: saved).path(percentEncoded: false))
      #expect(try await journal.events(after: 0, limit: 9).map(\.requestID) == ["1", "mine"])
    }
  }

  /// Lends the copy of a journal that has one event, of which PostgreSQL has a second one by now.
  private func withForkedCopy(
    _ body: (PostgresProxy, TestDatabase, _ copy: String) async throws -> Void
  ) async throws {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        _ = try await node.record(id: "1")
        #expect(try await eventually { try await database.events() == ["1"] })
      }
      // All of it is in the one file once the node has ended.
      #expect(!FileManager.default.fileExists(atPath: directory.journal + "-wal"))
      let copy = directory.file("copy.db")
      try FileManager.default.copyItem(atPath: directory.journal, toPath: copy)
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        _ = try await node.record(id: "2")
        #expect(try await eventually { try await database.events() == ["1", "2"] })
      }
      try await body(proxy, database, copy)
    }
  }

  @Test func `the service role is all that it takes, and events are not destroyed by accident`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        let role = "service_\(UUID().uuidString.prefix(8).lowercased())"
        try await database.execute("CREATE ROLE \(role) LOGIN")
        let runner = MigrationRunner(connectionString: database.connectionString)
        _ = try await runner.up(roles: LedgerRoles(service: role))
        let asService = database.connectionString + " user='\(role)'"
        try await Node.with(journal: directory.journal, on: asService) { (node) async throws in
          _ = try await node.record(id: "1")
          #expect(try await eventually { try await database.events() == ["1"] })
        }
        try await Node.with(journal: "/dev/null/journal.db", on: asService) {
          (node) async throws in
          #expect(try await node.record(id: "2").store == .postgresql)
        }
        let error = await #expect(throws: MigrationError.self) { try await runner.down(to: 3) }
        guard case .wouldDestroy(_, ["trust_budget.break_glass_events"]) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        _ = try await runner.down(to: 3, destroyingAuditData: true)
        try await database.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)")
      }
    }
  }

  @Test func `the chains verify here as in PostgreSQL, and a tampered one in neither`() async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        for number in 1...3 {
          _ = try await node.record(id: "\(number)", reason: "Übung \(number)")
        }
        #expect(try await eventually { try await database.events().count == 3 })
        #expect(try await database.ledgerFaults() == [])
      }
      for change in [
        "UPDATE trust_budget.break_glass_events SET reason = 'x' WHERE node_seq = 2",
        "UPDATE trust_budget.break_glass_events SET approvers = '{}' WHERE node_seq = 2",
        "DELETE FROM trust_budget.break_glass_events WHERE node_seq = 2",
      ] {
        try await database.changeEvents(change)
        let faults = try await database.query(
          "SELECT node_seq FROM trust_budget.verify_all_break_glass()")
        #expect(faults.count == 1, "\(change)")
        #expect(try await database.ledgerFaults().count == 1, "\(change)")
      }
    }
  }
}

extension TestDatabase {
  /// Does what only somebody with a superuser's power can.
  func changeEvents(_ sql: String) async throws {
    try await execute(
      """
      ALTER TABLE trust_budget.break_glass_events DISABLE TRIGGER ALL;
      \(sql);
      ALTER TABLE trust_budget.break_glass_events
        ENABLE ALWAYS TRIGGER break_glass_events_are_append_only;
      """)
  }
}
