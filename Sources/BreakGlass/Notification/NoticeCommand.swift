import ChildProcess
import ClaimedFile
import Foundation
import Logging
import TrustBudget

/// A program that gets an event on its standard input.
struct NoticeCommand {
  private let command: [String]
  private let logger: Logger

  /// - Parameters:
  ///   - command: an absolute path, and arguments; never empty.
  ///   - logger: where its output goes, line by line.
  init(_ command: [String], logger: Logger) {
    self.command = command
    self.logger = logger
  }

  /// Runs it to its end. One that takes too long is killed.
  ///
  /// - Throws: `NoticeFailure`.
  func run(input: String) async throws {
    let child = try await start(input: input)
    await withTaskGroup { group in
      group.addTask {
        await Child.end(of: child)
        return true
      }
      group.addTask {
        try? await Task.sleep(for: BreakGlassNotifier.patience)
        return false
      }
      // Also where this task is cancelled: the service ends. What the program has started goes with it, as
      // far as it is of its session.
      if await group.next() == false { kill(-child, SIGKILL) }
      group.cancelAll()
    }
    let status = Child.reap(child)
    guard status == 0 else {
      throw NoticeFailure(description: "\(command[0]) ended with status \(status)")
    }
  }

  private func start(input: String) async throws -> pid_t {
    let input = try NoticeCommand.pipe(holding: Array(input.utf8))
    let output = Pipe()
    let written = output.fileHandleForWriting.fileDescriptor
    do {
      try await PrintedLines.follow(output.fileHandleForReading, logger)
      return try Child.start(
        command, environment: .ours,
        descriptors: [input.fileDescriptor, written, written], in: .own)
    } catch {
      throw NoticeFailure(description: "\(command[0]) cannot be run: \(error.systemReason)")
    }
  }

  /// A pipe that holds the whole input already, so that nobody waits for a program that does not read,
  /// and no signal comes of one that has ended.
  private static func pipe(
    holding input: [UInt8]
  ) throws(NoticeFailure) -> FileHandle {
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting.fileDescriptor
    let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc's module leaves out.
    _ = fcntl(writer, setPipeSize, Int32(1 << 20))
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    guard write(writer, input, input.count) == input.count else {
      throw NoticeFailure(description: "the event is too long for a pipe")
    }
    try? pipe.fileHandleForWriting.close()
    return pipe.fileHandleForReading
  }
}
