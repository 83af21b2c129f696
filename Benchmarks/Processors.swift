import Foundation
import PrivatePostgres

/// The processors that this process may use, to be shared out between it and PostgreSQL.
///
/// On machines of their own, a node and PostgreSQL do not wait for each other's processor. Where all is on
/// one small machine they do.
struct Processors {
  private let all: [Int]

  init() throws {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let list = status.firstMatch(of: /Cpus_allowed_list:\s+(\S+)/)?.1 else {
      throw Tool.Failure(description: "the kernel does not say which processors there are")
    }
    // 0-3,8
    all = list.split(separator: ",").flatMap { range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      return Array((ends.first ?? 0)...(ends.last ?? 0))
    }
  }

  /// Whether there are enough for both.
  var canBeParted: Bool { all.count > 1 }

  /// Runs `body` while this process has the first half of the processors for itself, and the server the
  /// rest.
  func parted<Value>(
    from postgres: PrivatePostgres, _ body: () async throws -> Value
  ) async throws -> Value {
    precondition(canBeParted, "one processor is not enough for two")
    let half = all.count / 2
    try place(postgres, ours: all.prefix(half), theirs: all.suffix(from: half))
    let result: Result<Value, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    try place(postgres, ours: all[...], theirs: all[...])
    return try result.get()
  }

  private func place(
    _ postgres: PrivatePostgres, ours: ArraySlice<Int>, theirs: ArraySlice<Int>
  ) throws {
    try place(ProcessInfo.processInfo.processIdentifier, on: ours)
    guard let server = postgres.processIdentifier else { return }
    let children = try String(
      contentsOfFile: "/proc/\(server)/task/\(server)/children", encoding: .utf8)
    for process in [server] + children.split(separator: " ").compactMap({ Int32($0) }) {
      try place(process, on: theirs)
    }
  }

  /// All threads of a process. Those that they start from now on inherit it, and so do processes.
  private func place(_ process: Int32, on processors: ArraySlice<Int>) throws {
    let list = processors.map(String.init).joined(separator: ",")
    let tasks = "/proc/\(process)/task"
    for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
      do {
        _ = try Tool.run("taskset", ["--cpu-list", "--pid", list, task])
      } catch  where !FileManager.default.fileExists(atPath: "\(tasks)/\(task)") {
        // It has ended meanwhile.
      }
    }
  }
}
