import BreakGlass
import Foundation
import GRDB
import Synchronization
import Testing
import TrustBudget
import TrustBudgetTesting

/// Where an event is recorded when one of the two places fails, or both.
@Suite struct RecordingTests {
  @Test func `PostgreSQL away: recorded in the journal, and in PostgreSQL once it is back`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      proxy.refuseConnections()
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        for number in 1...3 {
          #expect(try await node.record(id: "\(number)").store == .journal)
        }
        #expect(node.breakGlass.status.unforwarded == 3)
        proxy.acceptConnections()
        #expect(try await eventually { try await database.events() == ["1", "2", "3"] })
        #expect(try await eventually { node.breakGlass.status.unforwarded == 0 })
        #expect(try await eventually { node.breakGlass.status.forwardingProblem == nil })
      }
    }
  }

  @Test func `the journal cannot be written: recorded in PostgreSQL, as a chain of its own`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: "/dev/null/journal.db", on: proxy.connectionString) {
        (node) async throws in
        let replies = try await [
          node.record(id: "1"), node.record(id: "2"), node.record(id: "1"),
          node.record("mallory", id: "1"),
        ]
        #expect(replies.allSatisfy { $0.store == .postgresql })
        #expect(replies[0].outcome.event == replies[2].outcome.event)
        #expect(replies[2].outcome.isReplay)
        #expect(replies[3].outcome == .mismatch)
        #expect(replies.prefix(2).map { $0.outcome.event?.sequence } == [1, 2])
        #expect(try await database.events() == ["1", "2"])
        #expect(node.breakGlass.status.journalProblem != nil)
        #expect(node.log.text.contains("error break-glass journal cannot be written"))
      }
      // Another process knows what was recorded under the id.
      try await Node.with(journal: "/dev/null/journal.db", on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "2").outcome.isReplay)
        #expect(try await node.record(id: "3").outcome.event?.sequence == 1)
      }
      #expect(try await database.events() == ["1", "2", "3"])
    }
  }

  @Test(arguments: [
    [PostgresProxy.Fault.cutBeforeCommit], [.cutAfterCommit], [.cutAfterCommit, .cutAfterCommit],
  ])
  func `an answer of PostgreSQL that was lost is found again`(faults: [PostgresProxy.Fault])
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: "/dev/null/journal.db", on: proxy.connectionString) {
        (node) async throws in
        for fault in faults { proxy.inject(fault) }
        let replies = try await withThrowingTaskGroup { group in
          for number in 1...5 { group.addTask { try await node.record(id: "\(number)") } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies.compactMap { $0.outcome.event?.sequence }.sorted() == [1, 2, 3, 4, 5])
        // Found by a second question of the node's own, each is news all the same.
        #expect(replies.allSatisfy { !$0.outcome.isReplay })
        #expect(node.log.lines.count { $0.hasPrefix("warning break-glass [") } == 5)
        #expect(try await database.events() == ["1", "2", "3", "4", "5"])
      }
    }
  }

  @Test func `neither can be written: refused, and nothing is recorded later`() async throws {
    try await withProxy { proxy, database, directory in
      proxy.refuseConnections()
      try await Node.with(journal: "/dev/null/journal.db", on: proxy.connectionString) {
        (node) async throws in
        let error = await #expect(throws: BreakGlassUnrecorded.self) {
          _ = try await node.record(id: "refused")
        }
        #expect(error?.journal.contains("/dev/null") == true)
        #expect(error?.postgres.isEmpty == false)
        proxy.acceptConnections()
        #expect(try await node.record(id: "taken").store == .postgresql)
        #expect(try await database.events() == ["taken"])
      }
    }
  }

  @Test(.enabled(if: Tmpfs.isPossible, "mounting a small disk needs root"))
  func `a full disk: PostgreSQL alone, and the journal again when there is room`() async throws {
    try await withProxy { proxy, database, directory in
      let disk = directory.file("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try Tmpfs.mount(disk, kilobytes: 200)
      defer { Tmpfs.unmount(disk) }
      try await Node.with(journal: disk + "/journal.db", on: proxy.connectionString) {
        (node) async throws in
        proxy.refuseConnections()
        #expect(try await node.record(id: "0-before").store == .journal)
        let ballast = disk + "/ballast"
        try fill(ballast)
        await #expect(throws: BreakGlassUnrecorded.self) { try await node.record(id: "1-refused") }
        proxy.acceptConnections()
        // What the full journal holds reaches PostgreSQL all the same.
        #expect(try await eventually { try await database.events() == ["0-before"] })
        #expect(try await node.record(id: "1-full").store == .postgresql)
        try FileManager.default.removeItem(atPath: ballast)
        let repeated = try await node.record(id: "1-full")
        #expect(repeated.outcome.isReplay && repeated.store == .postgresql)
        #expect(try await node.record(id: "2-after").store == .journal)
        #expect(node.breakGlass.status.journalProblem == nil)
        #expect(
          try await eventually {
            try await database.events() == ["0-before", "1-full", "2-after"]
          })
      }
    }
  }

  /// A node whose journal has "0-before", and is on a disk that hangs.
  private func withHangingDisk(
    _ body: (Node, FileLease, PostgresProxy, TestDatabase) async throws -> Void
  ) async throws {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "0-before").store == .journal)
        // So it is opened anew, and that waits.
        let lease = try #require(FileLease(replacing: directory.journal + ".lock"))
        try await body(node, lease, proxy, database)
      }
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a disk that hangs: PostgreSQL alone, and the journal again when it answers`() async throws {
    try await withHangingDisk { node, lease, _, database in
      let replies = try await withThrowingTaskGroup { group in
        for number in 1...5 { group.addTask { try await node.record(id: "\(number)-hung") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(replies.allSatisfy { $0.store == .postgresql && !$0.outcome.isReplay })
      let problem = node.breakGlass.status.journalProblem
      #expect(problem?.contains("does not answer") == true, "\(problem ?? "")")
      #expect(await node.breakGlass.askJournal { $0.sequence } == nil)
      #expect(node.log.text.contains("error break-glass journal does not answer"))
      lease.end()
      #expect(try await eventually { node.breakGlass.status.journalProblem == nil })
      #expect(try await node.record(id: "6-after").store == .journal)
      // What hung is in the journal, too: better twice than never.
      #expect(
        try await eventually {
          let events = try await database.events()
          return Set(events).count == 7 && events.count > 7
            && node.breakGlass.status.unforwarded == 0
        })
      #expect(try await node.record(id: "1-hung").outcome.isReplay)
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `a node ends although its disk hangs, and refuses what PostgreSQL has not either`()
    async throws
  {
    try await withProxy { proxy, _, directory in
      let lease = try await Node.with(
        journal: directory.journal, on: proxy.connectionString
      ) { (node) async throws in
        let lease = try #require(FileLease(replacing: directory.journal + ".lock"))
        proxy.refuseConnections()
        let error = await #expect(throws: BreakGlassUnrecorded.self) {
          try await node.record(id: "refused")
        }
        #expect(error?.journal.contains("does not answer") == true)
        return lease
      }
      lease.end()
    }
  }

  @Test(.enabled(if: FileLease.isPossible, "the file system has no leases"))
  func `what a hanging disk took of a request that was refused is news when it is granted`()
    async throws
  {
    try await withHangingDisk { node, lease, proxy, _ in
      proxy.refuseConnections()
      for id in ["refused", "0-before"] {
        await #expect(throws: BreakGlassUnrecorded.self) { try await node.record(id: id) }
      }
      lease.end()
      #expect(try await eventually { node.breakGlass.status.journalProblem == nil })
      let reply = try await node.record(id: "refused")
      #expect(reply.store == .journal)
      #expect(!reply.outcome.isReplay)
      #expect(node.log.text.contains(#""request_id": refused"#), "\(node.log.text)")
      #expect(try await node.record(id: "refused").outcome.isReplay)
      #expect(try await node.record(id: "0-before").outcome.isReplay)
    }
  }

  @Test func `a journal that another process has: PostgreSQL alone, until it is free`() async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (first) async throws in
        try await Node.with("two", journal: directory.journal, on: proxy.connectionString) {
          (node) async throws in
          #expect(try await first.record(id: "1").store == .journal)
          #expect(try await node.record(id: "2").store == .postgresql)
          #expect(node.breakGlass.status.journalProblem?.contains("another process") == true)
        }
        #expect(try await eventually { try await database.events() == ["1", "2"] })
      }
    }
  }

  @Test func `what is in a journal that could not be opened reaches PostgreSQL once it can be`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      do {
        let journal = try BreakGlassJournal(path: directory.journal)
        _ = try await journal.record([(.of(id: "1"), .testClock())], node: "node-1")
      }
      #expect(link(directory.journal, directory.file("other.db")) == 0)
      try await Node.with(
        journal: directory.journal, on: proxy.connectionString, retryInterval: .milliseconds(20)
      ) { (node) async throws in
        let said = "error break-glass journal cannot be written"
        #expect(node.log.lines.count { $0.hasPrefix(said) } == 1)
        unlink(directory.file("other.db"))
        #expect(try await eventually { try await database.events() == ["1"] })
        #expect(node.breakGlass.status.journalProblem == nil)
        #expect(node.log.lines.count { $0.hasPrefix(said) } == 1)
      }
    }
  }

  @Test func `a journal that has another name as well: PostgreSQL alone, until it has none`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "1").store == .journal)
        #expect(link(directory.journal, directory.file("other.db")) == 0)
        // Who has it open goes on: nobody else opens it by either name.
        #expect(try await node.record(id: "2").store == .journal)
        #expect(try await eventually { try await database.events() == ["1", "2"] })
      }
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "3").store == .postgresql)
        #expect(node.breakGlass.status.journalProblem?.contains("has another name") == true)
        unlink(directory.file("other.db"))
        #expect(try await node.record(id: "4").store == .journal)
        #expect(try await eventually { try await database.events() == ["1", "2", "3", "4"] })
      }
    }
  }

  @Test(arguments: ["no journal at all", String(repeating: "x", count: 10_000)])
  func `a damaged journal is set aside, and a new one begun`(garbage: String) async throws {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        _ = try await node.record(id: "1")
        #expect(try await eventually { try await database.events() == ["1"] })
      }
      for ending in ["-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: directory.journal + ending)
      }
      try Data(garbage.utf8).write(to: URL(filePath: directory.journal))
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        let reply = try await node.record(id: "2")
        #expect(reply.store == .journal)
        #expect(reply.outcome.event?.sequence == 1)
        #expect(node.log.text.contains("critical break-glass journal is damaged"))
        #expect(try await eventually { try await database.events() == ["1", "2"] })
      }
      #expect(directory.setAside.count == 1)
      let kept = try Data(
        contentsOf: URL(filePath: directory.file("data/\(directory.setAside[0])")))
      #expect(kept == Data(garbage.utf8))
    }
  }

  @Test func `a file that was named by mistake stays as it is, and emergencies are recorded`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      let path = directory.file("notes.txt")
      try Data("notes".utf8).write(to: URL(filePath: path))
      // The second attempt finds it no more its own than the first.
      for id in ["1", "2"] {
        try await Node.with(journal: path, on: proxy.connectionString) { (node) async throws in
          #expect(try await node.record(id: id).store == .postgresql)
          #expect(node.breakGlass.status.journalProblem?.contains("Name another file") == true)
        }
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "notes")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["notes.txt"])
      #expect(try await database.events() == ["1", "2"])
    }
  }

  @Test func `what was in a journal that somebody removed reaches PostgreSQL`() async throws {
    try await withProxy { proxy, database, directory in
      proxy.refuseConnections()
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        _ = try await node.record(id: "1")
        for ending in ["", "-wal", "-shm"] {
          try FileManager.default.removeItem(atPath: directory.journal + ending)
        }
        let reply = try await node.record(id: "2")
        #expect(reply.store == .journal)
        #expect(reply.outcome.event?.sequence == 1)
        proxy.acceptConnections()
        #expect(try await eventually { try await database.events() == ["1", "2"] })
        #expect(try await eventually { node.log.text.contains("its copy is not needed any more") })
      }
    }
  }

  @Test(arguments: [["-wal"], ["-shm"], ["-wal", "-shm"], [".lock"]])
  func `a journal whose log or lock somebody removed loses nothing, and is used again`(
    endings: [String]
  ) async throws {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "1").store == .journal)
        proxy.refuseConnections()
        for ending in endings { unlink(directory.journal + ending) }
        #expect(try await node.record(id: "2").store == .journal)
        proxy.acceptConnections()
        #expect(try await eventually { try await database.events() == ["1", "2"] })
      }
      let journal = try BreakGlassJournal(path: directory.journal)
      #expect(journal.sequence == 2)
    }
  }

  @Test func `of an event that is written while the lock goes everybody hears, and once`()
    async throws
  {
    try await withProxy { proxy, _, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        proxy.refuseConnections()
        let answered = Answered()
        try await withThrowingTaskGroup { group in
          for caller in 0..<4 {
            group.addTask {
              for number in 0..<75 {
                let reply = try await node.record(id: "\(caller)-\(number)")
                #expect(reply.store == .journal && !reply.outcome.isReplay)
                answered.count.withLock { $0 += 1 }
              }
            }
          }
          let remover = Task {
            var before = 0
            while !Task.isCancelled {
              // Not twice under one request.
              let now = answered.count.withLock { $0 }
              if now > before + 4 {
                unlink(directory.journal + ".lock")
                before = now
              }
              try? await Task.sleep(for: .milliseconds(1))
            }
          }
          defer { remover.cancel() }
          try await group.waitForAll()
        }
        #expect(node.log.lines.count { $0.hasPrefix("warning break-glass [") } == 300)
      }
      #expect(try BreakGlassJournal(path: directory.journal).sequence == 300)
    }
  }

  @Test func `a journal whose lock was removed, and that another node claimed, is that one's`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (first) async throws in
        #expect(try await first.record(id: "1").store == .journal)
        unlink(directory.journal + ".lock")
        try await Node.with("two", journal: directory.journal, on: proxy.connectionString) {
          (node) async throws in
          #expect(try await node.record(id: "2").store == .journal)
          #expect(try await first.record(id: "3").store == .postgresql)
          #expect(first.breakGlass.status.journalProblem?.contains("another process") == true)
          #expect(try await node.record(id: "4").outcome.event?.sequence == 3)
          #expect(try await eventually { try await database.events() == ["1", "2", "3", "4"] })
        }
        #expect(directory.setAside.isEmpty)
      }
    }
  }

  @Test func `a log that was removed, and that a reader keeps from the journal, loses nothing`()
    async throws
  {
    try await withProxy { proxy, database, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        proxy.refuseConnections()
        var configuration = Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: directory.journal, configuration: configuration)
        try await reader.unsafeRead { db in
          try db.execute(sql: "BEGIN")
          _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM break_glass_events")
        }
        #expect(try await node.record(id: "1").store == .journal)
        for ending in ["-wal", "-shm"] { unlink(directory.journal + ending) }
        #expect(try await node.record(id: "2").store == .journal)
        try reader.close()
        proxy.acceptConnections()
        #expect(try await eventually { try await database.events() == ["1", "2"] })
        #expect(!node.breakGlass.status.isForked)
      }
    }
  }

  @Test func `what a journal that was removed alone has is in a file before the next answer`()
    async throws
  {
    try await withProxy { proxy, _, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        proxy.refuseConnections()
        #expect(try await node.record(id: "1").store == .journal)
        for ending in ["", "-wal", "-shm"] { unlink(directory.journal + ending) }
        #expect(try await node.record(id: "2").outcome.event?.sequence == 1)
        #expect(directory.saved.count == 1)
      }
      #expect(directory.saved.count == 1)
      let journal = try BreakGlassJournal(path: try #require(directory.saved.first))
      #expect(try await journal.events(after: 0, limit: 9).map(\.requestID) == ["1"])
    }
  }

  @Test func `a journal that was removed, and that PostgreSQL has all of, is not saved`()
    async throws
  {
    try await withProxy { proxy, _, directory in
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        #expect(try await node.record(id: "1").store == .journal)
        #expect(try await eventually { node.breakGlass.status.unforwarded == 0 })
        proxy.refuseConnections()
        for ending in ["", "-wal", "-shm"] { unlink(directory.journal + ending) }
        #expect(try await node.record(id: "2").outcome.event?.sequence == 1)
      }
      #expect(directory.saved.isEmpty)
    }
  }

  @Test(.enabled(if: Tmpfs.isPossible, "mounting a small disk needs root"))
  func `a journal that was removed from a full disk is saved when the node ends`() async throws {
    try await withProxy { proxy, _, directory in
      let disk = directory.file("data")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try Tmpfs.mount(disk, kilobytes: 400)
      defer { Tmpfs.unmount(disk) }
      try await Node.with(journal: directory.journal, on: proxy.connectionString) {
        (node) async throws in
        proxy.refuseConnections()
        #expect(try await node.record(id: "1").store == .journal)
        try fill(disk + "/ballast")
        for ending in ["", "-wal", "-shm"] { unlink(directory.journal + ending) }
        await #expect(throws: BreakGlassUnrecorded.self) { try await node.record(id: "2") }
        #expect(directory.saved.isEmpty)
        unlink(disk + "/ballast")
      }
      let journal = try BreakGlassJournal(path: try #require(directory.saved.first))
      #expect(try await journal.events(after: 0, limit: 9).map(\.requestID) == ["1"])
    }
  }
}

private final class Answered: Sendable {
  let count = Mutex(0)
}

/// Fills a disk to the last byte.
func fill(_ path: String) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
  defer { close(file) }
  let block = [UInt8](repeating: 0, count: 4_096)
  while write(file, block, block.count) > 0 {}
}

/// Lends a ledger behind a proxy, and a directory.
func withProxy(
  _ body: (PostgresProxy, TestDatabase, TemporaryDirectory) async throws -> Void
) async throws {
  try await TestDatabase.withLedger { database in
    try await TemporaryDirectory.with { directory in
      try await PostgresProxy.with(database) { try await body($0, database, directory) }
    }
  }
}
