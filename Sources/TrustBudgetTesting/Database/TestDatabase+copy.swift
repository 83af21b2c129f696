import Foundation

extension TestDatabase {
  /// Dumps this database, and restores it in another, empty one.
  package func copy(to other: TestDatabase) async throws {
    let pipe = Pipe()
    let dump = Process()
    dump.executableURL = URL(filePath: "/usr/bin/env")
    dump.arguments = ["pg_dump", connectionString]
    dump.standardOutput = pipe
    let restore = Process()
    restore.executableURL = URL(filePath: "/usr/bin/env")
    restore.arguments = [
      "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", other.connectionString,
    ]
    restore.standardInput = pipe
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      restore.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try dump.run()
        try restore.run()
      } catch {
        restore.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    guard status == 0 else { throw TestFailure("the restore ended with status \(status)") }
  }
}
