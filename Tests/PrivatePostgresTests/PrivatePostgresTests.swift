import Foundation
import PrivatePostgres
import Testing

@Suite("Private PostgreSQL")
struct PrivatePostgresTests {
  private let directory = FileManager.default.temporaryDirectory
    .appending(path: "private-postgres-\(UUID())")

  private func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  @Test func `an ephemeral server leaves nothing behind`() async throws {
    let postgres = try await PrivatePostgres.start(directory: directory, ephemeral: true)
    let process = try #require(postgres.processIdentifier)
    #expect(exists(directory.path + "/socket/.s.PGSQL.5432"))
    #expect(kill(process, 0) == 0)
    await postgres.stop()
    await postgres.stop()
    #expect(!exists(directory.path))
    #expect(kill(process, 0) != 0)
    #expect(postgres.processIdentifier == nil)
    await #expect(throws: PrivatePostgresError.self) { try await postgres.restart() }
  }

  @Test func `a server survives a crash and a restart, on the same socket and data`() async throws {
    let postgres = try await PrivatePostgres.start(directory: directory, ephemeral: true)
    let string = postgres.connectionString
    try Data("kept".utf8).write(to: directory.appending(path: "data/marker"))
    let process = postgres.processIdentifier
    postgres.kill()
    try await postgres.restart()
    #expect(postgres.connectionString == string)
    #expect(postgres.processIdentifier != process)
    #expect(exists(directory.path + "/data/marker"))
    await postgres.stop()
    #expect(!exists(directory.path))
  }

  @Test func `data that isn't ephemeral is used again, and a directory has one owner at a time`()
    async throws
  {
    defer { try? FileManager.default.removeItem(at: directory) }
    let first = try await PrivatePostgres.start(directory: directory, ephemeral: false)
    try Data("kept".utf8).write(to: directory.appending(path: "data/marker"))
    let error = await #expect(throws: PrivatePostgresError.self) {
      try await PrivatePostgres.start(directory: directory, ephemeral: true)
    }
    #expect(error?.description.contains("is in use by process \(getpid())") == true)
    await first.stop()
    let second = try await PrivatePostgres.start(directory: directory, ephemeral: false)
    #expect(exists(directory.path + "/data/marker"))
    await second.stop()
    #expect(exists(directory.path + "/data/PG_VERSION"))
  }

  @Test func `too long a path for a socket gets a short one`() async throws {
    let long = directory.appending(path: String(repeating: "long", count: 30))
    defer { try? FileManager.default.removeItem(at: directory) }
    let postgres = try await PrivatePostgres.start(directory: long, ephemeral: true)
    let match = try #require(postgres.connectionString.firstMatch(of: #/host='([^']*)'/#))
    let sockets = String(match.1)
    #expect(sockets.hasPrefix("/tmp/") && exists(sockets))
    await postgres.stop()
    #expect(!exists(sockets))
  }

  @Test func `a server that doesn't start says why`() async throws {
    let error = await #expect(throws: PrivatePostgresError.self) {
      try await PrivatePostgres.start(
        directory: directory, settings: ["shared_buffers": "nonsense"], ephemeral: true)
    }
    #expect(error?.description.contains("shared_buffers") == true)
    #expect(!exists(directory.path))
  }

  @Test func `a process that is killed leaves nothing behind`() async throws {
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let postgres = try await PrivatePostgres.start(
        directory: URL(filePath: path), ephemeral: true)
      _ = postgres
      kill(getpid(), SIGKILL)
    }
    let deadline = ContinuousClock.now + .seconds(20)
    while exists(path), ContinuousClock.now < deadline { await Task.yield() }
    #expect(!exists(path))
  }

  @Test func `what a dead process left running is stopped and taken over`() async throws {
    let path = directory.path
    defer { try? FileManager.default.removeItem(at: directory) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let postgres = try await PrivatePostgres.start(
        directory: URL(filePath: path), ephemeral: false)
      _ = postgres
      kill(getpid(), SIGKILL)
    }
    let postgres = try await PrivatePostgres.start(directory: directory, ephemeral: false)
    #expect(postgres.processIdentifier != nil)
    await postgres.stop()
  }
}
