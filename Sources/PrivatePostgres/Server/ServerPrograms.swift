import Foundation

/// PostgreSQL's own programs, as they are installed on this machine.
package struct ServerPrograms: Sendable {
  package let directory: String

  var initdb: String { "\(directory)/initdb" }
  var postgres: String { "\(directory)/postgres" }

  /// Finds the programs: of `version` for a cluster that exists, else the newest.
  ///
  /// - Parameter version: A cluster's major version, such as `15`.
  /// - Throws: ``PrivatePostgresError``, which says what to install.
  static func find(version: String?) throws -> ServerPrograms {
    let candidates = directories().filter { directory in
      ["initdb", "postgres"].allSatisfy { isExecutable("\(directory)/\($0)") }
    }
    guard let version else {
      guard let directory = candidates.first else {
        throw PrivatePostgresError(
          "PostgreSQL's server programs (initdb, postgres) are not installed on this machine: "
            + "apt-get install postgresql")
      }
      return ServerPrograms(directory: directory)
    }
    for directory in candidates where majorVersion(in: directory) == version {
      return ServerPrograms(directory: directory)
    }
    throw PrivatePostgresError(
      "the data was made by PostgreSQL \(version), which is not installed on this machine: "
        + "apt-get install postgresql-\(version), or remove the data")
  }

  package static func inPath(_ program: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/bin"]
    return places.lazy.map { "\($0)/\(program)" }.first(where: isExecutable)
  }

  /// Where the programs may be, the likeliest first. Debian keeps them out of PATH, one directory
  /// a version, and its `pg_config --bindir` names none of those unless the server's headers are
  /// installed; so the versioned directories come first.
  package static func directories() -> [String] {
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let newestFirst = versions.compactMap(Int.init).sorted(by: >)
    var directories = newestFirst.map { "\(debian)/\($0)/bin" }
    if let pgConfig = inPath("pg_config"),
      let bindir = ServerProcess.output([pgConfig, "--bindir"])
    {
      directories.append(bindir)
    }
    if let postgres = inPath("postgres") {
      let program = URL(filePath: postgres).resolvingSymlinksInPath()
      directories.append(program.deletingLastPathComponent().path)
    }
    return directories
  }

  /// The `15` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
  private static func majorVersion(in directory: String) -> String? {
    let words = ServerProcess.output(["\(directory)/postgres", "--version"])?.split(separator: " ")
    guard let words, words.count >= 3 else { return nil }
    return words[2].prefix { $0.isNumber }.description
  }

  private static func isExecutable(_ path: String) -> Bool {
    access(path, X_OK) == 0
  }
}
