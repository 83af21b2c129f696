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
        #expect(try MirrorFile(path: target).emergencies() == (try await database.emergencies()))
        #expect(result.events == 8)
        #expect(try await TamperingTests.verify(target) == [])
        #expect(try await TamperingTests.compare(target, database) == [])
        #expect(try MirrorFile(path: target).query("PRAGMA journal_mode") == [["delete"]])
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.filter { $0.hasPrefix("file") || $0.hasPrefix("postgres") }.count == 2)
    }
  }

  @Test func `an export replaces one before it, and neither its source nor a node's file`()
    async throws
  {
    try await withMirroredTrail { database, path, directory in
      let target = directory.file("export.csv")
      let postgres = ExportSource.postgres(connectionString: database.connectionString)
      for _ in 1...2 { _ = try await Export(postgres, as: .csv).write(to: target) }

      let copy = directory.file("copy.db")
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let link = directory.file("link.db")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: copy)
      let source = ExportSource.file(try await ReadableFile(path: copy))
      // Of the copy nothing says that it was a node's file but its own header.
      for (source, target) in [(source, copy), (source, link), (postgres, path), (postgres, copy)] {
        let before = try Data(contentsOf: URL(filePath: target))
        await #expect(throws: AuditFileError.self) {
          try await Export(source, as: .csv).write(to: target)
        }
        #expect(try Data(contentsOf: URL(filePath: target)) == before)
      }
    }
  }

  @Test(arguments: ["-wal", "-shm", "-journal", ".lock"])
  func `an export takes no place that belongs to a node's file, or to what is exported`(
    ending: String
  ) async throws {
    try await withMirroredTrail { database, path, directory in
      let copy = directory.file("copy.db")
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let source = ExportSource.file(try await ReadableFile(path: copy))
      for target in [path, copy].map({ $0 + ending }) {
        let existed = FileManager.default.fileExists(atPath: target)
        let error = await #expect(throws: AuditFileError.self) {
          try await Export(source, as: .csv).write(to: target)
        }
        #expect(error?.description.contains("\(ending) belongs to ") == true)
        #expect(FileManager.default.fileExists(atPath: target) == existed)
      }
      // Evidence, too.
      let kept = path + ".corrupt-2026-11-29T000000"
      let error = await #expect(throws: AuditFileError.self) {
        try await Export(source, as: .csv).write(to: kept)
      }
      #expect(error?.description.contains("was set aside by a node") == true)
    }
  }

  @Test(arguments: [ExportFormat.csv, .jsonl])
  func `an export that is for reading is not called damaged`(format: ExportFormat) async throws {
    try await withMirroredTrail { database, path, directory in
      let target = directory.file("export")
      let source = ExportSource.file(try await ReadableFile(path: path))
      _ = try await Export(source, as: format).write(to: target)
      let error = await #expect(throws: AuditFileError.self) {
        _ = try await ReadableFile(path: target)
      }
      #expect(error?.description.contains("--format sqlite can be verified") == true)
    }
  }

  @Test(arguments: ExportFormat.allCases)
  func `what is wrong with the export is not said of what is exported`(format: ExportFormat)
    async throws
  {
    try await withMirroredTrail { _, path, directory in
      let source = ExportSource.file(try await ReadableFile(path: path))
      for target in [directory.file("missing/export"), path, path + "-wal"] {
        let error = await #expect(throws: AuditFileError.self) {
          try await Export(source, as: format).write(to: target)
        }
        #expect(error?.description.hasPrefix("the export cannot be written: ") == true)
      }
    }
  }

  @Test(arguments: ["-wal", "-journal", "-shm"])
  func `an export is not put beside a log that it would be read with`(ending: String) async throws {
    try await withMirroredTrail { database, path, directory in
      let target = directory.file("copy.db")
      let source = ExportSource.postgres(connectionString: database.connectionString)
      _ = try await Export(source, as: .sqlite).write(to: target)
      let before = try Data(contentsOf: URL(filePath: target))
      try Data([1]).write(to: URL(filePath: target + ending))
      let error = await #expect(throws: AuditFileError.self) {
        try await Export(source, as: .sqlite).write(to: target)
      }
      #expect(error?.description.contains("copy.db\(ending) would be taken for") == true)
      #expect(try Data(contentsOf: URL(filePath: target)) == before)
    }
  }

  @Test func `an export through a link replaces what it leads to, and a device is written to`()
    async throws
  {
    try await withMirroredTrail { database, path, directory in
      let source = ExportSource.file(try await ReadableFile(path: path))
      let (link, target) = (directory.file("link.db"), directory.file("target.db"))
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      for _ in 1...2 { _ = try await Export(source, as: .sqlite).write(to: link) }
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
      #expect(try await TamperingTests.verify(link) == [])

      let pipe = directory.file("pipe")
      #expect(mkfifo(pipe, 0o600) == 0)
      // Open at both ends, and with room for all of it: nobody waits for anybody.
      let reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      defer { close(reader) }
      let result = try await Export(source, as: .jsonl, of: .breakGlass).write(to: pipe)
      var text = [UInt8](repeating: 0, count: 65_536)
      let length = read(reader, &text, text.count)
      let lines = text.prefix(max(0, length)).count { $0 == UInt8(ascii: "\n") }
      #expect(result.events == 8 && lines == 8)
      await #expect(throws: AuditFileError.self) {
        try await Export(source, as: .sqlite).write(to: pipe)
      }
      var status = stat()
      #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }
  }

  @Test(arguments: [ExportFormat.sqlite, .csv])
  func `an export is for whom the one before it was, and else for whom the umask lets`(
    format: ExportFormat
  ) async throws {
    try await withMirroredTrail { database, _, directory in
      func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      }
      let target = directory.file("export")
      let export = Export(.postgres(connectionString: database.connectionString), as: format)
      _ = try await export.write(to: target)
      #expect(try mode(target) == 0o640)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
      _ = try await export.write(to: target)
      #expect(try mode(target) == 0o600)
      // As one keeps evidence.
      try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: target)
      _ = try await export.write(to: target)
      #expect(try mode(target) == 0o440)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func `a file of somebody else's does not say who may write to the export in its place`()
    async throws
  {
    try await withMirroredTrail { database, _, directory in
      let target = directory.file("export")
      try Data().write(to: URL(filePath: target))
      #expect(chmod(target, 0o666) == 0 && chown(target, 65_534, 65_534) == 0)
      let export = Export(.postgres(connectionString: database.connectionString), as: .csv)
      _ = try await export.write(to: target)
      var status = stat()
      #expect(stat(target, &status) == 0)
      #expect(status.st_uid == 0 && status.st_mode & 0o777 == 0o640)
    }
  }

  @Test func `an export waits for room in a pipe that says at once when it has none`() async throws
  {
    try await withMirroredTrail { database, path, _ in
      let source = ExportSource.file(try await ReadableFile(path: path))
      let pipe = Pipe()
      let writing = pipe.fileHandleForWriting
      #expect(fcntl(writing.fileDescriptor, F_SETFL, O_WRONLY | O_NONBLOCK) == 0)
      async let written = withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
        }
      }
      let result: Export.Result
      do {
        result = try await Export(source, as: .jsonl).writeText(to: writing.fileDescriptor)
        try writing.close()
      } catch {
        try? writing.close()
        throw error
      }
      let bytes = await written
      #expect(bytes.count > 200_000)
      #expect(bytes.count { $0 == UInt8(ascii: "\n") } == Int(result.entries))
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

  @Test func `a part of the trail is the same from a file and from PostgreSQL`() async throws {
    try await withMirroredTrail(operations: 9_000, callers: 256) { database, path, directory in
      // More than are looked at in one go.
      let moments = try await database.trail().map { Timestamp(($0[17] ?? "") + "Z") }
      try #require(moments.count > 8_192)
      let (early, late) = (moments[100], moments[8_300])
      let everybody = "SELECT count(*) FROM trust_budget.audit_entries WHERE"
      let parts: [(filter: ExportFilter, condition: String)] = [
        (ExportFilter(budgetID: "user:u1"), "budget_id = 'user:u1'"),
        (ExportFilter(budgetID: "user:nobody"), "false"),
        (ExportFilter(username: "alice"), "username = 'alice'"),
        (
          ExportFilter(username: "alice", since: early, until: late),
          """
          username = 'alice' AND occurred_at >= '\(early?.sortableText ?? "")Z'
            AND occurred_at < '\(late?.sortableText ?? "")Z'
          """
        ),
      ]
      for (filter, condition) in parts {
        let count = try await database.count("\(everybody) \(condition)")
        var texts: Set<String> = []
        for (name, source) in try await sources(database, path) {
          let target = directory.file("\(name).csv")
          let result = try await Export(source, as: .csv, filter: filter).write(to: target)
          #expect(result.entries == count, "\(name): \(filter)")
          texts.insert(try String(contentsOfFile: target, encoding: .utf8))
        }
        #expect(texts.count == 1, "\(filter)")
      }
    }
  }

  @Test func `what an export asks for is found in every epoch`() async throws {
    try await TestDatabase.withAuditFile { database, path in
      try await database.withNodes(1) { nodes in
        for _ in 1...3 {
          for budget in ["user:alice", "user:bob"] {
            _ = try await nodes[0].perform(.charging(budget))
          }
          _ = try await NewEpoch(
            connectionString: database.connectionString, reason: "test"
          ).begin()
        }
        try await database.withMirror(at: path) { _ in
          try await database.expectMirrored(in: path)
        }
      }
      for (name, source) in try await sources(database, path) {
        let target = path + ".\(name).csv"
        let filter = ExportFilter(budgetID: "user:bob")
        let result = try await Export(source, as: .csv, filter: filter).write(to: target)
        // The first charge makes the budget.
        #expect(result.entries == 4, "\(name)")
      }
    }
  }

  @Test func `a part of the emergencies verifies as far as it goes`() async throws {
    try await withMirroredTrail { database, path, directory in
      let source = ExportSource.file(try await ReadableFile(path: path))
      // The journals' clocks are a second apart from event to event.
      let part = directory.file("part.db")
      let third = Timestamp(microseconds: 1_767_225_600_123_456 + 3 * 1_000_001)
      let some = try await Export(
        source, as: .sqlite, filter: ExportFilter(username: "alice", since: third)
      ).write(to: part)
      #expect(some.events == 3)
      let file = try await ReadableFile(path: part)
      let report = try await FileVerification(file).run()
      file.close()
      #expect(report.isSound && report.events == 3 && report.journals == 1)
      #expect(report.unverifiable >= 1)
      try MirrorFile(path: part).execute("UPDATE break_glass_events SET actor = 'x'")
      let faults = try await TamperingTests.verify(part)
      #expect(faults.map(\.sequence) == [4], "\(faults)")

      let none = try await Export(
        source, as: .sqlite, filter: ExportFilter(budgetID: "user:u1")
      ).write(to: directory.file("none.db"))
      #expect(none.events == 0 && none.entries > 0)
    }
  }

  @Test func `text exports hold every emergency`() async throws {
    try await withMirroredTrail { database, path, directory in
      let rows = try await database.emergencies()
      for (name, source) in try await sources(database, path) {
        let json = directory.file("\(name).jsonl")
        let result = try await Export(source, as: .jsonl, of: .breakGlass).write(to: json)
        #expect(result.events == 8 && result.entries == 0)
        let lines = try String(contentsOfFile: json, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 8)
        for (line, row) in zip(lines, rows) {
          let object = try #require(
            JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
          #expect(object["journal_id"] as? String == row[3])
          #expect(object["reason"] as? String == row[7])
          #expect(object["principals"] as? [String] == ["root", "Größe \\ \u{1}"])
          #expect(object["hash"] as? String == row[20])
          #expect(object.count == row.count)
        }
        let csv = directory.file("\(name).csv")
        _ = try await Export(source, as: .csv, of: .breakGlass).write(to: csv)
        let text = try String(contentsOfFile: csv, encoding: .utf8)
        #expect(text.hasPrefix("event_id,epoch,transaction_id,journal_id,node_seq,node,"))
        let event = "\"fire, \"\"smoke\"\"\u{301}\nand Größe 2 \u{FFFD}\",INC-2,\"[\"\"bob\"\","
        #expect(text.contains(event))
      }
    }
  }

  @Test(arguments: [
    "a?\u{301}b#\u{301}c%\u{301}41.db", "a?immutable=0", "file:a%41.db", ":memory:",
  ])
  func `a file of any name is read and written as it is called`(name: String) async throws {
    try await withMirroredTrail { database, path, directory in
      let copy = directory.file(name)
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      #expect(try await TamperingTests.verify(copy) == [])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 3)
      // As scripts put paths together.
      #expect(try await TamperingTests.verify("/" + copy) == [])
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

  @Test
  func `a file on which a node begins to write while it is read is neither exported nor judged`()
    async throws
  {
    try await withMirroredTrail { database, path, directory in
      let file = try await ReadableFile(path: path)
      defer { file.close() }
      let source = ExportSource.file(file)
      // A node that has begun, and one that is over again.
      let target = directory.file("export.csv")
      try await database.withMirror(at: path) { _ in
        _ = try await database.withNodes(1) { try await RandomTrail.write(200, seed: 2, on: $0) }
        try await database.expectMirrored(in: path)
        try await expectChanged { try await Export(source, as: .csv).write(to: target) }
      }
      for format in [ExportFormat.csv, .sqlite] {
        try await expectChanged { try await Export(source, as: format).write(to: target) }
      }
      try await expectChanged { try await FileVerification(file).run() }
      #expect(!FileManager.default.fileExists(atPath: target))
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  private func expectChanged<R: Sendable>(_ body: () async throws -> R) async throws {
    let error = await #expect(throws: AuditFileError.self) { _ = try await body() }
    #expect(error?.description.contains("a node has begun to write to it. Try again") == true)
  }

  @Test func `a file whose writer was interrupted is not read without its journal`() async throws {
    try await withMirroredTrail { _, path, directory in
      let target = directory.file("export.db")
      _ = try await Export(.file(try await ReadableFile(path: path)), as: .sqlite).write(to: target)
      try Data([1]).write(to: URL(filePath: target + "-journal"))
      let error = await #expect(throws: AuditFileError.self) {
        try await ReadableFile(path: target)
      }
      #expect(error?.description.contains("-journal has what must be put back") == true)
    }
  }

  @Test(.enabled(if: Tmpfs.isPossible, "mounting a disk needs root"))
  func `an export verifies on a disk that nobody can write to`() async throws {
    try await withMirroredTrail { database, path, directory in
      let disk = directory.file("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try Tmpfs.mount(disk, kilobytes: 16_384)
      defer { Tmpfs.unmount(disk) }
      let target = disk + "/export.db"
      _ = try await Export(.file(try await ReadableFile(path: path)), as: .sqlite)
        .write(to: target)
      // The file of a node that has ended, and one that was copied with its log.
      let ended = disk + "/ended.db"
      try FileManager.default.copyItem(atPath: path, toPath: ended)
      try Data().write(to: URL(filePath: ended + "-wal"))
      let live = disk + "/live.db"
      try FileManager.default.copyItem(atPath: path, toPath: live)
      try Data([1]).write(to: URL(filePath: live + "-wal"))
      try Tmpfs.forbidWriting(disk)

      for file in [target, ended] {
        #expect(try await TamperingTests.verify(file) == [])
        #expect(try await TamperingTests.compare(file, database) == [])
      }
      let again = directory.file("again.db")
      _ = try await Export(.file(try await ReadableFile(path: target)), as: .sqlite)
        .write(to: again)
      #expect(try MirrorFile(path: again).rows() == (try await database.trail()))
      let error = await #expect(throws: AuditFileError.self) {
        try await ReadableFile(path: live)
      }
      #expect(error?.description.contains("copy both to a disk that can be written") == true)
    }
  }

  @Test func `an export that fails leaves what was there`() async throws {
    try await withMirroredTrail { database, path, directory in
      try MirrorFile(path: path).execute(
        "UPDATE audit_entries SET cost = cost + 1 WHERE rowid = 100")
      let target = directory.file("kept.db")
      try Data("before".utf8).write(to: URL(filePath: target))
      let source = ExportSource.file(try await ReadableFile(path: path))
      let error = await #expect(throws: AuditFileError.self) {
        try await Export(source, as: .sqlite).write(to: target)
      }
      #expect(error?.description.contains("its hash does not match its content") == true)
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "before")
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(!left.contains { $0.contains("partial") })
    }
  }

  @Test(arguments: [
    (
      """
      UPDATE trust_budget.audit_entries SET cost = cost + 1
      WHERE entry_id = (SELECT max(entry_id) FROM trust_budget.audit_entries)
      """, "its hash does not match its content"
    ),
    (
      """
      DELETE FROM trust_budget.audit_entries
      WHERE entry_id = (
        SELECT max(entry_id) FROM trust_budget.audit_entries AS one WHERE EXISTS (
          SELECT FROM trust_budget.audit_entries AS next
          WHERE (next.budget_id, next.budget_seq) = (one.budget_id, one.budget_seq + 1)))
      """, "is in PostgreSQL, and the one before it is not"
    ),
  ])
  func `an export of a trail that PostgreSQL has lost or changed says so, and that there is none`(
    change: String, problem: String
  ) async throws {
    try await withMirroredTrail { database, _, directory in
      try await database.execute(
        """
        ALTER TABLE trust_budget.audit_entries DISABLE TRIGGER ALL;
        \(change);
        ALTER TABLE trust_budget.audit_entries ENABLE TRIGGER ALL;
        """)
      let target = directory.file("export.db")
      // Somebody else's open transaction may make it look as if an entry were on its way.
      var said = ""
      let isRefused = try await eventually {
        do {
          let source = ExportSource.postgres(connectionString: database.connectionString)
          _ = try await Export(source, as: .sqlite).write(to: target)
          unlink(target)
          return false
        } catch let error as AuditFileError {
          said = error.description
          return true
        }
      }
      #expect(isRefused)
      #expect(said.contains("nothing was written") && said.contains(problem), "\(said)")
      // There is no file that could be kept, or moved away.
      #expect(!said.contains("file"), "\(said)")
      #expect(!FileManager.default.fileExists(atPath: target))
    }
  }

  @Test func `what a file's receipts prove is not lost with an export of it`() async throws {
    try await withMirroredTrail { _, path, directory in
      // All that is there fits together.
      try MirrorFile(path: path).execute(
        """
        DELETE FROM audit_entries WHERE rowid > (SELECT max(rowid) - 5 FROM audit_entries);
        UPDATE cursors SET (epoch, transaction_id, entry_id, entries) =
          (SELECT epoch, transaction_id, entry_id, rowid FROM audit_entries ORDER BY rowid DESC LIMIT 1)
        WHERE table_name = 'audit_entries'
        """)
      let source = ExportSource.file(try await ReadableFile(path: path))
      let target = directory.file("laundered.db")
      let error = await #expect(throws: AuditFileError.self) {
        try await Export(source, as: .sqlite).write(to: target)
      }
      #expect(error?.description.contains("gone") == true, "\(String(describing: error))")
      #expect(!FileManager.default.fileExists(atPath: target))
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
    operations: Int = 600, callers: Int = 8,
    _ body: (TestDatabase, _ path: String, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await TestDatabase.withLedger { database in
      try await TemporaryDirectory.with { directory in
        let path = directory.file("audit.db")
        _ = try await database.withNodes(1) {
          try await RandomTrail.write(operations, callers: callers, on: $0)
        }
        var (first, second) = (Emergencies(1), Emergencies(2))
        try await database.record(first.next(5))
        try await database.record(second.next(3, username: "carol"))
        try await database.withMirror(at: path) { _ in
          try await database.expectMirrored(in: path)
        }
        try await body(database, path, directory)
      }
    }
  }
}
