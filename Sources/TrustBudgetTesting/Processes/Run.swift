import Foundation

/// Runs a program to its end.
///
/// - Parameter command: its name or path, and its arguments.
/// - Throws: `TestFailure` where it does not end with status 0; what the system says where none can be started.
package func run(_ command: [String]) async throws {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = command
  let status: Int32 = try await withCheckedThrowingContinuation { continuation in
    process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
    do {
      try process.run()
    } catch {
      process.terminationHandler = nil
      continuation.resume(throwing: error)
    }
  }
  guard status == 0 else { throw TestFailure("\(command[0]) ended with status \(status)") }
}
