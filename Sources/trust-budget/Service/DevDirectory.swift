import ClaimedFile
import Foundation

/// Where `dev` keeps everything: its PostgreSQL, the sample policy, and the files of the nodes.
struct DevDirectory {
  static let nodes = ["dev-1", "dev-2"]

  private let name: String
  private let url: URL

  /// - Parameter name: as it was given.
  init(_ name: String) {
    self.name = name
    url = URL(filePath: name, directoryHint: .isDirectory)
  }

  var postgres: URL { url.appending(path: "postgres") }
  var policy: String { url.appending(path: "policy.yaml").path(percentEncoded: false) }
  /// The directory of the nodes' files.
  var files: String { url.appending(path: "data").path(percentEncoded: false) }

  func auditFile(of node: String) -> String { "\(files)/\(node).db" }
  func journal(of node: String) -> String { "\(files)/\(node)-break-glass.db" }

  /// - Throws: `CommandFailure`.
  func make() throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(
        "\(name) cannot be made: \(error.systemReason); choose another --directory")
    }
  }

  /// Writes the sample policy, unless there is one.
  ///
  /// - Returns: whether it was written.
  /// - Throws: `CommandFailure`.
  func writePolicy() throws -> Bool {
    guard !FileManager.default.fileExists(atPath: policy) else { return false }
    do {
      try Data(DevDirectory.samplePolicy.utf8).write(to: URL(filePath: policy))
    } catch {
      throw CommandFailure("\(policy) cannot be written: \(error.systemReason)")
    }
    return true
  }

  /// Removes what the nodes kept: each file, with what SQLite puts beside it.
  func removeFiles() {
    for node in DevDirectory.nodes {
      for file in [auditFile(of: node), journal(of: node)] {
        for ending in ["", "-wal", "-shm", ".lock"] { unlink(file + ending) }
      }
    }
    // Not if anything else is in there.
    rmdir(files)
  }

  /// Removes the directory, unless something is in there.
  func remove() {
    rmdir(url.path(percentEncoded: false))
  }

  private static let samplePolicy = """
    # A sample policy: change it while trust-budget runs, and it is read again.
    policies:
      - name: Developer
        match:
          local_usernames: ["*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          budget_id: "user:${username}"
          cost: 1
          initial_balance: 10
          reset_interval_hours: 24
    break_glass:
      principals: ["root"]
      max_duration: "60s"
      min_approvers: 1

    """
}
