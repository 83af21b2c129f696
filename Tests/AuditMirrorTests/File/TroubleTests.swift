import AuditMirror
import BudgetLedger
import ClaimedFile
import Foundation
import GRDB
import Testing
import TrustBudget
import TrustBudgetTesting

/// Whatever happens to the file, the mirror comes right by itself, and destroys nothing.
@Suite struct TroubleTests {
  @Test func `a second mirror on the same file waits, and takes over when the first has ended`()
    async throws
  {
    try await withLedger { database, path in
      let second = try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        let second = try database.mirror(at: path, configure: { $0.node = "node-2" })
        let task = Task { try await second.run() }
        try await expectSoon {
          second.health.current.state.problem?.contains(
            "another process writes the audit file (process \(getpid()), node node-1)") == true
        }
        return (second, task)
      }
      try await expectSoon { second.0.health.current.state == .following }
      second.1.cancel()
      try await second.1.value
    }
  }

  @Test func `a file that was removed is built anew`() async throws {
    try await withLedger { database, path in
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        try await database.expectMirrored(in: path)
      }
    }
  }

  @Test(arguments: ["-wal", "-shm"])
  func `a file whose log was removed is closed with all that it has, and completed`(ending: String)
    async throws
  {
    try await withLedger { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { _ in
          try await database.expectMirrored(in: path)
          unlink(path + ending)
          // The mirror makes another one, and nobody looks before it has.
          try await expectSoon { access(path + ending, F_OK) == 0 }
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
        }
      }
      #expect(try await TamperingTests.verify(path) == [])
      #expect(try await TamperingTests.compare(path, database) == [])
    }
  }

  /// In another process: within one, SQLite's own lists would say who has what open.
  @Test func `a file whose log was removed while somebody was reading it is built anew`()
    async throws
  {
    try await withLedger { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { mirror in
          try await database.expectMirrored(in: path)
          let reader = Process()
          let input = Pipe()
          let output = Pipe()
          reader.executableURL = URL(filePath: "/usr/bin/env")
          reader.arguments = ["sqlite3", "-readonly", path]
          reader.standardInput = input
          reader.standardOutput = output
          try reader.run()
          let query = "BEGIN; SELECT count(*) > 0 FROM audit_entries;\n"
          try input.fileHandleForWriting.write(contentsOf: Data(query.utf8))
          #expect(try output.fileHandleForReading.read(upToCount: 2) == Data("1\n".utf8))
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          unlink(path + "-wal")
          try await expectSoon { Self.setAside(path) == 1 }
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          try input.fileHandleForWriting.close()
          reader.waitUntilExit()
        }
      }
      #expect(Self.setAside(path) == 1)
      #expect(try await TamperingTests.verify(path) == [])
      #expect(try await TamperingTests.compare(path, database) == [])
    }
  }

  /// How many files were set aside.
  private static func setAside(_ path: String) -> Int {
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
    return (names ?? []).count {
      $0.contains(".corrupt-") && !$0.hasSuffix("-shm") && !$0.hasSuffix("-wal")
    }
  }

  @Test func `a mirror waits for no reader when it ends, and leaves the log to the next one`()
    async throws
  {
    try await withLedger { database, path in
      let reader = try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: path, configuration: configuration)
        try await reader.writeWithoutTransaction { db in
          try db.execute(sql: "BEGIN")
          _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM audit_entries")
        }
        _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
        try await database.expectMirrored(in: path)
        return reader
      }
      // The reader is still there: who waited for it would have waited in vain.
      var status = stat()
      #expect(stat(path + "-wal", &status) == 0 && status.st_size > 0)
      try await reader.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
      try reader.close()
      try await database.withMirror(at: path) { _ in try await database.expectMirrored(in: path) }
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  @Test func `a young file that was copied without its log is known as one of ours`() async throws {
    try await withLedger { database, path in
      let copy = path + ".copy"
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
      }
      let file = try await ReadableFile(path: copy)
      #expect(try await file.summary.entries.rows == 0)
      file.close()
      try Data().write(to: URL(filePath: copy))
      let error = await #expect(throws: AuditFileError.self) { try await ReadableFile(path: copy) }
      #expect(error?.description.contains("was in its log, the -wal beside it") == true)
    }
  }

  @Test func `a copy whose log is damaged in the middle is not taken for an older one`()
    async throws
  {
    try await withLog { _, path in
      let log = try Data(contentsOf: URL(filePath: path + "-wal"))
      // Of 4096 bytes, and what precedes each: a frame ends a transaction if it says how large the file is.
      let frame = 24 + 4_096
      let frames = Array(stride(from: 32, to: log.count, by: frame))
      let ends = frames.filter { (place: Int) -> Bool in
        log[(place + 4)..<(place + 8)].contains { $0 != 0 }
      }
      try #require(ends.count > 3)
      #expect(log.count == 32 + frames.count * frame)
      // In the head, in the first page, in a page and at the end of the last transaction but one.
      let (early, late) = (ends[ends.count - 3], ends[ends.count - 2])
      let places: [Int] = [20, 32 + 24 + 100, early + frame + 24, late + 24]
      for place in places {
        var changed = log
        changed[place] ^= 1
        try changed.write(to: URL(filePath: path + "-wal"))
        let error = await #expect(throws: AuditFileError.self, "\(place)") {
          try await ReadableFile(path: path)
        }
        #expect(error?.description.contains("is damaged at byte") == true, "\(place)")
      }
      // What its writer was interrupted in is no damage, whatever of it reached the disk; nor is what follows
      // that was there before the log was begun anew.
      var torn = log
      let last = late + frame
      try #require(last < ends[ends.count - 1])
      torn.resetBytes(in: last..<last + frame)
      var old = Data(log.prefix(last))
      for place in frames where place < last {
        var copy = Data(log[place..<place + frame])
        copy[8] ^= 1
        old.append(copy)
      }
      for log in [log.dropLast(1_000), torn, old, log + Data(count: 20_000)] {
        try log.write(to: URL(filePath: path + "-wal"))
        try await ReadableFile(path: path).close()
      }
    }
  }

  @Test func `a live file whose log is damaged is not called another program's`() async throws {
    try await withLog { _, path in
      let claim = try ClaimedFile(claiming: path, holder: "test")
      defer { claim.release() }
      // Who has it open knows where its pages are in the log, and looks at no checksum again.
      let queue = try DatabaseQueue(path: path)
      defer { try? queue.close() }
      _ = try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM audit_entries") }
      let log = try FileHandle(forUpdating: URL(filePath: path + "-wal"))
      defer { try? log.close() }
      let length = Int(try log.seekToEnd())
      try log.seek(toOffset: 32)
      try log.write(contentsOf: Data(repeating: 0xA5, count: length - 32))
      await #expect(
        throws: AuditFileError.corrupt("its log, \(path)-wal, is damaged")
      ) {
        try await ReadableFile(path: path)
      }
    }
  }

  @Test func `the log of a file that was emptied is kept, by whoever looks and by the mirror`()
    async throws
  {
    try await withLog { database, path in
      let log = try Data(contentsOf: URL(filePath: path + "-wal"))
      try Data().write(to: URL(filePath: path))
      let error = await #expect(throws: AuditFileError.self) { try await ReadableFile(path: path) }
      #expect(error?.description.contains("in its log alone") == true)
      #expect(try Data(contentsOf: URL(filePath: path + "-wal")) == log)
      // As a node finds it that had this place before.
      try Data().write(to: URL(filePath: path + ".lock"))
      let kept = path + ".corrupt-2026-01-01T000000"
      try await database.withMirror(at: path) { _ in
        // Before SQLite looks at it for this test, and removes the log.
        try await expectSoon { access(kept, F_OK) == 0 }
        try await database.expectMirrored(in: path)
      }
      #expect(try Data(contentsOf: URL(filePath: kept + "-wal")) == log)
    }
  }

  /// Lends a copy of a node's file that has several transactions in its log.
  private func withLog(
    _ body: (TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await withLedger { database, path in
      let copy = path + ".copy"
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { _ in
          for number in 0..<4 {
            _ = try await nodes[0].perform(.charging("user:\(number)"))
            try await database.expectMirrored(in: path)
          }
          for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + ending, toPath: copy + ending)
          }
        }
      }
      let file = try await ReadableFile(path: copy)
      #expect(try await file.summary.entries.rows > 200)
      file.close()
      try await body(database, copy)
    }
  }

  @Test func `a file that was given another name is written by nobody else, and then gone on with`()
    async throws
  {
    try await withLedger { database, path in
      let other = path + ".other"
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
        #expect(link(path, other) == 0)
        try await database.withMirror(at: other) { second in
          try await expectSoon {
            second.health.current.state.problem?.contains("has another name as well") == true
          }
        }
      }
      _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("has another name as well") == true
        }
        unlink(other)
        try await database.expectMirrored(in: path)
      }
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  @Test func `a link that leads elsewhere from now on is followed there`() async throws {
    try await withLedger { database, path in
      let link = path + ".link"
      #expect(symlink(path, link) == 0)
      try await database.withMirror(at: link) { _ in
        try await database.expectMirrored(in: path)
        unlink(link)
        #expect(symlink(path + ".other", link) == 0)
        try await database.expectMirrored(in: path + ".other")
      }
    }
  }

  @Test func `a file that was replaced by an older copy is brought up to date`() async throws {
    try await withLedger { database, path in
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      try FileManager.default.copyItem(atPath: path, toPath: path + ".older")
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { _ in
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
          #expect(rename(path + ".older", path) == 0)
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
        }
      }
    }
  }

  /// Where a file is damaged: at its head, and in the pages that a mirror reads.
  @Test(arguments: [0..<64, 4_096..<200_000])
  func `a damaged file is set aside and built anew`(range: Range<Int>) async throws {
    try await withLedger { database, path in
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      var bytes = try Data(contentsOf: URL(filePath: path))
      for index in range where index < bytes.count { bytes[index] = 0xA5 }
      try bytes.write(to: URL(filePath: path))
      _ = try await database.withNodes(1) { try await $0[0].perform(.charging("user:alice")) }
      try await database.withMirror(at: path) { _ in
        try await expectSoon { MirrorFile(path: path).entries > 0 }
        try await database.expectMirrored(in: path)
      }
      let kept = try Data(contentsOf: URL(filePath: path + ".corrupt-2026-01-01T000000"))
      #expect(kept == bytes)
    }
  }

  @Test func `damage where nobody looks for years is found, and the file built anew`() async throws
  {
    try await withLedger { database, path in
      try await database.withNodes(1) { nodes in
        try await withThrowingTaskGroup { group in
          for number in 0..<1_000 {
            group.addTask {
              try await nodes[0].perform(
                .charging("user:u\(number % 7)", initialBalance: 1_000_000))
            }
          }
          try await group.waitForAll()
        }
      }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      var bytes = try Data(contentsOf: URL(filePath: path))
      for index in bytes.count / 3..<bytes.count / 3 + 8_192 { bytes[index] = 0xA5 }
      try bytes.write(to: URL(filePath: path))
      try await database.withMirror(at: path) { _ in
        try await expectSoon { Self.setAside(path) == 1 }
        try await database.expectMirrored(in: path)
      }
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  @Test func `a part of the trail is no file of a node`() async throws {
    try await withLedger { database, path in
      let filter = ExportFilter(budgetID: "user:alice")
      _ = try await Export(
        .postgres(connectionString: database.connectionString), as: .sqlite, filter: filter
      ).write(to: path)
      let part = try Data(contentsOf: URL(filePath: path))
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("export of a part of the trail") == true
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == part)
        unlink(path)
        try await database.expectMirrored(in: path)
      }
      // Also where somebody says so of a whole one.
      try MirrorFile(path: path).execute("UPDATE meta SET filter = 'x'")
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          mirror.health.current.state.problem?.contains("export of a part of the trail") == true
        }
      }
    }
  }

  @Test func `a claim whose lock was removed is made anew, and never shared`() async throws {
    try await withLedger { database, path in
      try await database.withNodes(1) { nodes in
        try await database.withMirror(at: path) { mirror in
          try await database.expectMirrored(in: path)
          unlink(path + ".lock")
          try await expectSoon { access(path + ".lock", F_OK) == 0 }
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
          // Whoever is quicker has it, and the other waits.
          unlink(path + ".lock")
          let other = try ClaimedFile(claiming: path, holder: "another")
          try await expectSoon {
            mirror.health.current.state.problem?.contains("another process writes") == true
          }
          other.release()
          _ = try await nodes[0].perform(.charging("user:alice"))
          try await database.expectMirrored(in: path)
        }
      }
      #expect(Self.setAside(path) == 0)
      #expect(try await TamperingTests.verify(path) == [])
    }
  }

  @Test func `files that are damaged in the same second are all kept`() async throws {
    try await withLedger { database, path in
      for round in 1...2 {
        try await database.withMirror(at: path) { _ in
          try await database.expectMirrored(in: path)
        }
        try Data("damage \(round)".utf8).write(to: URL(filePath: path))
      }
      try await database.withMirror(at: path) { _ in
        try await database.expectMirrored(in: path)
      }
      for (round, name) in zip(1..., ["", "-2"]) {
        let kept = try String(
          contentsOfFile: path + ".corrupt-2026-01-01T000000" + name, encoding: .utf8)
        #expect(kept == "damage \(round)")
      }
    }
  }

  @Test func `a file of somebody else's is left alone`() async throws {
    try await withLedger { database, path in
      try MirrorFile(path: path).execute("CREATE TABLE notes (text)")
      try await expectLeftAlone(database, path)
    }
    try await withLedger { database, path in
      try Data(repeating: 0x41, count: 10_000).write(to: URL(filePath: path))
      // Also where PostgreSQL was away at first.
      let away = TestDatabase(name: database.name, connectionString: "host=/nowhere")
      try await away.withMirror(at: path) { mirror in
        try await expectSoon { mirror.health.current.state.problem != nil }
      }
      try await expectLeftAlone(database, path)
    }
  }

  @Test func `a place where no file can be made is tried again, until one can`() async throws {
    try await withLedger { database, path in
      // A file where the directory should be: root may write into any directory.
      try Data().write(to: URL(filePath: path))
      let below = path + "/below/audit.db"
      try await database.withMirror(at: below) { mirror in
        try await expectSoon { mirror.health.current.state.problem != nil }
        unlink(path)
        try await database.expectMirrored(in: below)
      }
    }
  }

  @Test(.enabled(if: Tmpfs.isPossible, "mounting a small disk needs root"))
  func `a full disk stops nothing, and once there is room the file completes itself`()
    async throws
  {
    try await withLedger { database, path in
      let disk = path + ".disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try Tmpfs.mount(disk, kilobytes: 1_024)
      do {
        try await database.withNodes(1) { nodes in
          try await database.withMirror(at: disk + "/audit.db") { mirror in
            try await RandomTrail.write(4_000, on: nodes)
            try await expectSoon {
              mirror.health.current.state.problem?.contains("full") == true
            }
            _ = try await nodes[0].perform(.charging("user:alice"))
            try Tmpfs.mount(disk, kilobytes: 65_536, again: true)
            try await database.expectMirrored(in: disk + "/audit.db")
          }
        }
      } catch {
        Tmpfs.unmount(disk)
        throw error
      }
      Tmpfs.unmount(disk)
    }
  }

  private func expectLeftAlone(_ database: TestDatabase, _ path: String) async throws {
    let before = try Data(contentsOf: URL(filePath: path))
    for _ in ["the first time", "and when it is tried again"] {
      try await database.withMirror(at: path) { mirror in
        try await expectSoon {
          if case .refused = mirror.health.current.state { true } else { false }
        }
        #expect(mirror.health.current.state.problem?.contains("not an audit file") == true)
      }
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory)
        == [URL(filePath: path).lastPathComponent])
  }

  /// Lends a ledger with some entries, and a path for its file.
  private func withLedger(
    _ body: (TestDatabase, _ path: String) async throws -> Void
  ) async throws {
    try await TestDatabase.withAuditFile { database, path in
      _ = try await database.withNodes(1) { try await RandomTrail.write(200, on: $0) }
      try await body(database, path)
    }
  }
}
