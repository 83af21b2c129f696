import ChildProcess
import Foundation

/// A program that gets an event on its standard input.
struct NoticeCommand {
  private let command: [String]

  /// - Parameter command: an absolute path, and arguments; never empty.
  init(_ command: [String]) {
    self.command = command
  }

  /// Runs it to its end. One that takes too long is killed.
  ///
  /// - Throws: `NoticeFailure` when it fails, or the system's error when it cannot be started.
  func run(input: String) async throws {
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.standardInput = try NoticeCommand.pipe(holding: Array(input.utf8))
    // What it prints is for the service's log.
    process.standardOutput = FileHandle.standardError
    process.standardError = FileHandle.standardError
    let (ends, end) = AsyncStream.makeStream(of: String?.self)
    process.terminationHandler = { process in
      let status = process.terminationStatus
      let isDone = process.terminationReason == .exit && status == 0
      end.yield(
        isDone
          ? nil
          : "\(process.executableURL?.path(percentEncoded: false) ?? "") ended with status \(status)"
      )
      end.finish()
    }
    try process.runUnblockingSignals()
    let problem: String? = await withTaskGroup { group in
      group.addTask {
        try? await Task.sleep(for: BreakGlassNotifier.patience)
        // Also where this task was cancelled: the service ends.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      }
      defer { group.cancelAll() }
      // Not a task of the group: its end is what ends the group.
      return await NoticeCommand.first(of: ends)
    }
    if let problem { throw NoticeFailure(description: problem) }
  }

  /// Waits for the end even if this task is cancelled: by then it was killed.
  private static func first(of ends: AsyncStream<String?>) async -> String? {
    for await end in ends { return end }
    return "it was given up, because the service ended"
  }

  /// A pipe that holds the whole input already, so that nobody waits for a program that does not read,
  /// and no signal comes of one that has ended.
  private static func pipe(holding input: [UInt8]) throws -> FileHandle {
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting.fileDescriptor
    let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc's module leaves out.
    _ = fcntl(writer, setPipeSize, Int32(1 << 20))
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    guard write(writer, input, input.count) == input.count else {
      throw NoticeFailure(description: "the event is too long for a pipe")
    }
    try pipe.fileHandleForWriting.close()
    return pipe.fileHandleForReading
  }
}
