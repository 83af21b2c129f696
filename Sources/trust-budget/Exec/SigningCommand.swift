import Foundation
import TrustBudgetClient

/// The command that signs, with what the authorization allows filled in.
struct SigningCommand {
  let arguments: [String]
  let environment: [String: String]

  init(_ command: [String], authorization: Authorization) {
    let principals = authorization.principals.joined(separator: ",")
    let values = [
      "{principals}": principals,
      "{max_duration}": authorization.maxDuration,
      "{request_id}": authorization.requestID,
    ]
    self.arguments = command.map { argument in
      values.reduce(argument) { $0.replacing($1.key, with: $1.value) }
    }
    var environment = ProcessInfo.processInfo.environment
    environment["TRUST_BUDGET_PRINCIPALS"] = principals
    environment["TRUST_BUDGET_MAX_DURATION"] = authorization.maxDuration
    environment["TRUST_BUDGET_REQUEST_ID"] = authorization.requestID
    environment["TRUST_BUDGET_RULE"] = authorization.rule
    self.environment = environment
  }

  /// Runs it on this program's terminal.
  ///
  /// - Returns: its exit status; 128 and the signal's number where a signal ended it.
  /// - Throws: the system's error when it can't be started.
  func run() async throws -> Int32 {
    let process = Process()
    process.executableURL = try executable()
    process.arguments = Array(arguments.dropFirst())
    process.environment = environment
    return try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { process in
        let status = process.terminationStatus
        continuation.resume(
          returning: process.terminationReason == .uncaughtSignal ? 128 + status : status)
      }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
  }

  /// The certificate that `ssh-keygen -s` writes for the public key among the arguments, when it was
  /// written just now: an older file is some earlier attempt's.
  func certificatePath(writtenSince started: Date) -> String? {
    for argument in arguments.reversed() where argument.hasSuffix(".pub") {
      let path = argument.dropLast(4) + "-cert.pub"
      let attributes = try? FileManager.default.attributesOfItem(atPath: String(path))
      // File systems keep whole seconds at worst.
      if let written = attributes?[.modificationDate] as? Date,
        written >= started.addingTimeInterval(-1)
      {
        return String(path)
      }
    }
    return nil
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
