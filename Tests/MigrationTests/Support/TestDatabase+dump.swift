import Foundation
import TrustBudgetTesting

extension TestDatabase {
  /// Dumps this database into a file, which `restore` takes.
  func dump(to file: URL) async throws {
    try await run(["pg_dump", "--format=custom", "--file=\(file.path)", connectionString])
  }

  /// Puts what was dumped in the place of what is there, as a DBA would while nodes are at work.
  func restore(from file: URL, privileges: Bool = true) async throws {
    let options = privileges ? [] : ["--no-privileges"]
    try await run(
      ["pg_restore", "--clean", "--if-exists"] + options
        + ["--dbname=\(connectionString)", file.path])
  }

  /// Lends the path of a file that is removed afterwards.
  func withDumpFile<R>(_ body: (URL) async throws -> R) async throws -> R {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(name).dump")
    defer { try? FileManager.default.removeItem(at: file) }
    return try await body(file)
  }
}
