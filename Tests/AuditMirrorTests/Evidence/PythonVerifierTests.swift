import AuditMirror
import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// The verifier that was written from docs/audit-format.md alone and the program agree.
@Suite struct PythonVerifierTests {
  @Test func `they agree on ten thousand entries of every kind, and on what was changed`()
    async throws
  {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      try await database.withNodes(2) { nodes in
        var seed: UInt64 = 0
        while try await database.count("SELECT count(*) FROM trust_budget.audit_entries") < 10_000 {
          seed += 100
          try await RandomTrail.write(3_000, seed: seed, budgets: 60, on: nodes)
        }
      }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      #expect(file.count("SELECT count(DISTINCT kind) FROM audit_entries") == 7)
      #expect(try await TamperingTests.verify(path) == [])
      let verdict = try Self.verify(path)
      #expect(
        verdict.status == 0 && verdict.output.hasSuffix(" chains, \(file.entries) rows: ok\n"))

      let places = try file.query(
        "SELECT budget_id, budget_seq FROM audit_entries ORDER BY random() LIMIT 8")
      for place in places {
        let (budget, sequence) = (place[0] ?? "", place[1] ?? "")
        let copy = try file.changed(
          by: """
            UPDATE audit_entries SET detail = detail || ' '
            WHERE budget_id = '\(budget)' AND budget_seq = \(sequence)
            """)
        let faults = try await TamperingTests.verify(copy)
        #expect(faults.map(\.chain) == [.budget(budget)])
        #expect(faults.first?.sequence == Int64(sequence))
        let verdict = try Self.verify(copy)
        #expect(verdict.status == 1)
        #expect(verdict.errors.hasPrefix("\(budget) budget_seq \(sequence):"))
      }
      let losses = [
        "DELETE FROM audit_entries WHERE rowid > (SELECT max(rowid) - 10 FROM audit_entries)",
        "DELETE FROM audit_entries WHERE budget_id = (SELECT min(budget_id) FROM audit_entries)",
        "DELETE FROM receipts",
        "DELETE FROM receipts WHERE first_row > 1",
        "UPDATE receipts SET first_row = 100000 WHERE first_row = 1",
        "UPDATE audit_entries SET transaction_id = 1 WHERE rowid = 500",
        "INSERT INTO awaited VALUES ('user:ghost', 3, 1, 5)",
        """
        INSERT INTO awaited SELECT budget_id, budget_seq, epoch, 5 FROM audit_entries WHERE rowid = 9
        """,
        "UPDATE audit_entries SET hash = lower(hex(hash)) WHERE rowid = 500",
      ]
      for sql in losses {
        let copy = try file.changed(by: sql)
        #expect(try await !TamperingTests.verify(copy).isEmpty)
        let verdict = try Self.verify(copy)
        #expect(verdict.status == 1 && verdict.output == "", "\(sql)")
      }
      // Nothing is among what has a NULL, and nothing is not.
      let hidden = try file.changed(
        by: """
          DROP TABLE awaited; CREATE TABLE awaited (budget_id, budget_seq, epoch, horizon);
          INSERT INTO awaited VALUES (NULL, NULL, 1, 1000000000000);
          UPDATE audit_entries SET username = 'mallory' WHERE rowid = 500
          """)
      await #expect(throws: AuditFileError.self) { try await TamperingTests.verify(hidden) }
      #expect(try Self.verify(hidden).status == 1)
      for sql in TamperingTests.confusions where sql.contains(" meta") {
        let verdict = try Self.verify(try file.changed(by: sql))
        #expect(verdict.status == 1 && verdict.output == "", "\(sql)")
      }
    }
  }

  @Test func `they agree on break-glass events`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      let file = MirrorFile(path: path)
      var (first, second) = (Emergencies(1), Emergencies(2))
      try await database.record(first.next(20))
      try await database.record(second.next(7))
      _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      let verdict = try Self.verify(path)
      #expect(verdict.output == "3 chains, 29 rows: ok\n")
      let tamperings = [
        "UPDATE break_glass_events SET principals = '[\"root\"]' WHERE node_seq = 5",
        "DELETE FROM break_glass_events WHERE node_seq = 20",
        "DELETE FROM break_glass_journals",
      ]
      for sql in tamperings {
        let copy = try file.changed(by: sql)
        #expect(try await !TamperingTests.verify(copy).isEmpty)
        let verdict = try Self.verify(copy)
        #expect(verdict.status == 1)
        #expect(verdict.errors.hasPrefix("00000000-"), "\(verdict.errors)")
      }
    }
  }

  @Test func `a file that a node still writes is read, and left as it is`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      _ = try await database.withNodes(1) { try await RandomTrail.write(300, on: $0) }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        #expect(try Self.verify(path).status == 0)
        // A copy that was taken from under it.
        for part in ["", "-wal"] {
          try FileManager.default.copyItem(atPath: path + part, toPath: "\(path).copy" + part)
        }
      }
      let directory = URL(filePath: path).deletingLastPathComponent()
      func contents() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(
          atPath: directory.path(percentEncoded: false))
        // The index of a log is no part of the evidence.
        return try Dictionary(
          uniqueKeysWithValues: names.filter { !$0.hasSuffix("-shm") }.map {
            ($0, try Data(contentsOf: directory.appending(path: $0)))
          })
      }
      // SQLite looks for the log beside what a link leads to.
      try FileManager.default.createSymbolicLink(
        atPath: "\(path).link", withDestinationPath: "\(path).copy")
      let before = try contents()
      let entries = try Self.verify(path).output
      for file in [path, "\(path).copy", "\(path).link"] {
        let verdict = try Self.verify(file)
        #expect(verdict.status == 0 && verdict.output == entries, "\(verdict.errors)")
        #expect(try contents() == before)
      }
    }
  }

  @Test(arguments: ["audit_entries", "break_glass_events"])
  func `they agree on PostgreSQL's trail, and on times that no row has`(table: String) async throws
  {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        var journal = Emergencies()
        try await database.record(journal.next(3))
        _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
        let path = directory.file("trail.jsonl")
        let query = Repository.root.appending(path: "examples/trail.sql")
        func read() async throws {
          try await run([
            "sh", "-c", #"psql -Xf "$0" "$1" > "$2""#, query.path(percentEncoded: false),
            database.connectionString, path,
          ])
        }
        try await read()
        #expect(try Self.verify(path).output == "2 chains, 5 rows: ok\n")
        for time in [
          "(timezone('UTC', occurred_at)::text || 'Z BC')::timestamptz",
          "occurred_at + interval '20000 years'", "'infinity'",
        ] {
          try await database.execute(
            """
            ALTER TABLE trust_budget.\(table) DISABLE TRIGGER ALL,
              DROP CONSTRAINT IF EXISTS year_has_four_digits;
            UPDATE trust_budget.\(table) SET occurred_at = \(time)
            """)
          #expect(try await database.ledgerFaults().count == 1)
          try await read()
          let verdict = try Self.verify(path)
          #expect(verdict.status == 1 && verdict.output == "", "\(time)")
        }
      }
    }
  }

  @Test func `they agree on an export that was restricted, as far as it can be verified`()
    async throws
  {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        _ = try await database.withNodes(1) { try await RandomTrail.write(300, on: $0) }
        var journal = Emergencies()
        try await database.record(journal.next(4))
        let moments = try await database.trail().map { $0[17] ?? "" }.sorted()
        let middle = try #require(Timestamp(moments[moments.count / 2] + "Z"))
        let source = ExportSource.postgres(connectionString: database.connectionString)
        for filter in [ExportFilter(since: middle), ExportFilter(budgetID: "user:u1")] {
          let path = directory.file("part.db")
          // Another test's open transaction may keep the newest back; then the export says so.
          try await expectSoon {
            try await !Export(source, as: .sqlite, filter: filter).write(to: path).isHeldBack
          }
          let report = try await TamperingTests.report(path)
          #expect(report.isSound && report.entries > 10)
          let verdict = try Self.verify(path)
          #expect(verdict.status == 0, "\(verdict.errors)")
          let words = "ok, \(report.unverifiable) of them cannot be verified\n"
          #expect(verdict.output.hasSuffix(words), "\(verdict.output)")

          let copy = try MirrorFile(path: path).changed(
            by: """
              UPDATE audit_entries SET node = 'x'
              WHERE rowid = (SELECT max(rowid) FROM audit_entries)
              """)
          #expect(try await TamperingTests.verify(copy).count == 1)
          #expect(try Self.verify(copy).status == 1)
        }
      }
    }
  }

  @Test func `what is no trail is not called ok`() async throws {
    try await TemporaryDirectory.with { directory in
      let export = directory.file("trail.csv")
      try Data("budget_id,budget_seq\n".utf8).write(to: URL(filePath: export))
      let ledger = UUID().uuidString.lowercased()
      for argument in ["", directory.file("missing.db"), export, ledger] {
        let verdict = try Self.verify(argument)
        #expect(verdict.status == 1 && verdict.output == "", "\(argument)")
        #expect(verdict.errors.split(separator: "\n").count == 1, "\(verdict.errors)")
      }
    }
  }

  static func verify(
    _ path: String
  ) throws -> (status: Int32, output: String, errors: String) {
    let script = Repository.root.appending(path: "examples/verify_chain.py")
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-B", script.path(percentEncoded: false), path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complained = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: said, as: UTF8.self),
      String(decoding: complained, as: UTF8.self)
    )
  }
}
