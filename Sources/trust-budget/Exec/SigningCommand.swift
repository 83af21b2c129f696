import ChildProcess
import Foundation
import TrustBudgetClient
import UnixSignals

/// The command that signs, with what was granted filled in.
struct SigningCommand {
  let arguments: [String]
  let environment: [String: String]

  init(_ command: [String], authorization: Authorization) {
    self.init(
      command, principals: authorization.principals, maxDuration: authorization.maxDuration,
      requestID: authorization.requestID, rule: authorization.rule)
  }

  init(_ command: [String], grant: BreakGlassGrant) {
    self.init(
      command, principals: grant.principals, maxDuration: grant.maxDuration,
      requestID: grant.requestID, rule: grant.rule)
  }

  private init(
    _ command: [String], principals: [String], maxDuration: String, requestID: String,
    rule: String?
  ) {
    let principals = principals.joined(separator: ",")
    let values = [
      "{principals}": principals,
      "{max_duration}": maxDuration,
      "{request_id}": requestID,
    ]
    self.arguments = command.map { argument in
      values.reduce(argument) { $0.replacing($1.key, with: $1.value) }
    }
    var environment = ProcessInfo.processInfo.environment
    // It is this program's to authenticate, and not the command's.
    environment["TRUST_BUDGET_TOKEN"] = nil
    environment["TRUST_BUDGET_PRINCIPALS"] = principals
    environment["TRUST_BUDGET_MAX_DURATION"] = maxDuration
    environment["TRUST_BUDGET_REQUEST_ID"] = requestID
    environment["TRUST_BUDGET_RULE"] = rule
    self.environment = environment
  }

  /// Runs it on this program's terminal.
  ///
  /// A signal to this program is the command's: when it ends of it, its points can go back.
  ///
  /// - Returns: its exit status; 128 and the signal's number where a signal ended it.
  /// - Throws: the system's error when it can't be started.
  func run() async throws -> Int32 {
    let process = Process()
    process.executableURL = try executable()
    process.arguments = Array(arguments.dropFirst())
    process.environment = environment
    let (ends, end) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      let status = process.terminationStatus
      end.yield(process.terminationReason == .uncaughtSignal ? 128 + status : status)
      end.finish()
    }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    try process.runUnblockingSignals()
    return await withTaskGroup { group in
      group.addTask {
        for await signal in signals { kill(process.processIdentifier, signal.rawValue) }
      }
      defer { group.cancelAll() }
      return await ends.first { _ in true } ?? 1
    }
  }

  /// Where `ssh-keygen -s` writes the certificates of the public keys among the arguments, the last
  /// one first.
  var certificatePaths: [String] {
    arguments.reversed().filter { $0.hasSuffix(".pub") }.map { $0.dropLast(4) + "-cert.pub" }
  }

  /// Looks the program up as a shell would.
  private func executable() throws -> URL {
    let name = arguments[0]
    if name.contains("/") { return URL(filePath: name) }
    for directory in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
      let path = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: path) { return URL(filePath: path) }
    }
    throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: name])
  }
}
