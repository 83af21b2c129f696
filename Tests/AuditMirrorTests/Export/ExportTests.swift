import AuditMirror
import BudgetLedger
import Foundation
import Testing
import TrustBudget
import TrustBudgetTesting

/// What is taken away is one consistent view, whole or not there at all.
@Suite struct ExportTests {
  @Test func `an export from a file and one from PostgreSQL are the same, and verify`()
    async throws
  {
    try await withMirroredTrail { database, path, directory in
      for (name, source) in try await sources(database, path) {
        let target = directory.file("\(name).db")
        let result = try await Export(source, as: .sqlite).write(to: target)
        let rows = try MirrorFile(path: target).rows()
        #expect(rows == (try await database.trail()))
        #expect(result.entries == Int64(rows.count))
        #expect(try await TamperingTests.verify(target) == [])
        #expect(try await TamperingTests.compare(target, database) == [])
        #expect(try MirrorFile(path: target).query("PRAGMA journal_mode") == [["delete"]])
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.filter { $0.hasPrefix("file") || $0.hasPrefix("postgres") }.count == 2)
    }
  }

  @Test func `a part of the trail verifies as far as it goes`() async throws {
    try await withMirroredTrail { database, path, directory in
      let target = directory.file("part.db")
      let rows = try await database.trail()
      let middle = try #require(Timestamp((rows[rows.count / 2][17] ?? "") + "Z"))
      let source = ExportSource.file(try await ReadableFile(path: path))
      _ = try await Export(source, as: .sqlite, filter: ExportFilter(since: middle))
        .write(to: target)
      let file = try await ReadableFile(path: target)
      let report = try await FileVerification(file).run()
      let restriction = try await file.summary.filter
      file.close()
      #expect(report.isSound)
      #expect(report.unverifiable > 0 && report.unverifiable < report.entries)
      #expect(restriction?.hasPrefix("since ") == true)

      try MirrorFile(path: target).execute(
        "UPDATE audit_entries SET node = 'x' WHERE rowid = (SELECT max(rowid) FROM audit_entries)")
      #expect(try await TamperingTests.verify(target).count == 1)

      let one = directory.file("one.db")
      _ = try await Export(source, as: .sqlite, filter: ExportFilter(budgetID: "user:u1"))
        .write(to: one)
      #expect(
        try MirrorFile(path: one).query("SELECT DISTINCT budget_id FROM audit_entries")
          == [["user:u1"]])
      #expect(try await TamperingTests.verify(one) == [])
    }
  }

  @Test func `text exports hold every row`() async throws {
    try await withMirroredTrail { database, path, directory in
      let rows = try await database.trail()
      let source = ExportSource.file(try await ReadableFile(path: path))
      _ = try await Export(source, as: .jsonl).write(to: directory.file("trail.jsonl"))
      let lines = try String(contentsOfFile: directory.file("trail.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      #expect(lines.count == rows.count)
      let first = try #require(
        JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
      #expect(first["hash"] as? String == rows[0][18])
      #expect(first["detail"] as? String == rows[0][16])

      _ = try await Export(source, as: .csv).write(to: directory.file("trail.csv"))
      let csv = try String(contentsOfFile: directory.file("trail.csv"), encoding: .utf8)
      #expect(csv.components(separatedBy: "\r\n").count == rows.count + 2)
    }
  }

  @Test func `an export that fails leaves what was there`() async throws {
    try await withMirroredTrail { database, path, directory in
      try MirrorFile(path: path).execute("UPDATE audit_entries SET cost = 7 WHERE rowid = 100")
      let target = directory.file("kept.db")
      try Data("before".utf8).write(to: URL(filePath: target))
      let source = ExportSource.file(try await ReadableFile(path: path))
      await #expect(throws: MirrorRefusal.self) {
        try await Export(source, as: .sqlite).write(to: target)
      }
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "before")
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(!left.contains { $0.contains("partial") })
    }
  }

  private func sources(
    _ database: TestDatabase, _ path: String
  ) async throws -> [(String, ExportSource)] {
    [
      ("file", .file(try await ReadableFile(path: path))),
      ("postgres", .postgres(connectionString: database.connectionString)),
    ]
  }

  private func withMirroredTrail(
    _ body: (TestDatabase, _ path: String, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        let path = directory.file("audit.db")
        _ = try await database.withNodes(1) { try await RandomTrail.write(600, on: $0) }
        try await database.withMirror(at: path) { _ in
          try await database.expectMirrored(in: path)
        }
        try await body(database, path, directory)
      }
    }
  }
}
