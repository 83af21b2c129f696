import Foundation
import TrustBudgetTesting

/// A child process whose output goes to files, where it can be looked at while it runs.
final class RunningProgram: Sendable {
  /// How a program ended.
  struct End: Sendable {
    /// Its exit status; 128 and the signal's number where a signal ended it.
    let status: Int32
    let output: String
    let errors: String
    /// How long it ran.
    let duration: Duration
  }

  private let process: Process
  private let directory: TemporaryDirectory
  private let start = ContinuousClock.now

  init(executable: String, arguments: [String], environment: [String: String]) throws {
    process = Process()
    directory = try TemporaryDirectory(in: Undertaker.shared.directory)
    let output = try FileHandle(forWritingTo: URL(filePath: directory.write("", to: "output")))
    let errors = try FileHandle(forWritingTo: URL(filePath: directory.write("", to: "errors")))
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    // A node's copy of the audit trail goes with it, unless a test wants it elsewhere.
    process.environment = environment.merging(
      ["TRUST_BUDGET_AUDIT_FILE": directory.file("audit.db")]) { theirs, _ in theirs }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.runUnblockingSignals()
    } catch {
      directory.remove()
      throw error
    }
    Undertaker.shared.born(process.processIdentifier)
    try output.close()
    try errors.close()
  }

  var processIdentifier: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// Where a node keeps its copy of the audit trail.
  var auditFile: String { process.environment?["TRUST_BUDGET_AUDIT_FILE"] ?? "" }

  /// What it has printed so far.
  var output: String { contents("output") }
  /// What it has said on standard error so far.
  var errors: String { contents("errors") }

  /// Waits until it has said this on standard error: a log is written by and by.
  func hasSaid(_ text: String) async throws {
    try await wait(for: "it to say \(text)") { errors.contains(text) }
  }

  private func contents(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: directory.file(name)) ?? Data(),
      as: UTF8.self)
  }

  func signal(_ signal: Int32) {
    if process.isRunning { _ = Glibc.kill(process.processIdentifier, signal) }
  }

  /// Waits for its end.
  ///
  /// - Throws: `TestFailure` when it still runs after `limit`.
  func end(within limit: Duration = .seconds(30)) async throws -> End {
    try await wait(
      for: "the end of \(process.arguments ?? []), which says: \(output)\(errors)", within: limit
    ) { !process.isRunning }
    let status = process.terminationStatus
    return End(
      status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
      output: output, errors: errors, duration: ContinuousClock.now - start)
  }

  /// Ends it for good, and forgets what it said.
  func kill() async {
    signal(SIGKILL)
    try? await wait(for: "a killed process to end") { !process.isRunning }
    Undertaker.shared.dead(process.processIdentifier)
    directory.remove()
  }
}
