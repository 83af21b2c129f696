import Foundation
import TrustBudgetTesting

/// `trust-budget serve`, listening.
struct RunningNode: Reachable {
  let name: String
  let url: String
  let program: RunningProgram

  /// Starts one on a free port, and waits until it listens. Whoever starts it must kill it.
  static func start(
    _ name: String = "node-1", on connectionString: String, policy path: String,
    auth: String = "none", _ more: [String] = [], by launcher: [String] = []
  ) async throws -> RunningNode {
    let program = try Program.start(
      [
        "serve", "--policy", path, "--listen", "127.0.0.1:0", "--node-name", name, "--auth", auth,
      ] + more,
      environment: [
        "DATABASE_URL": connectionString,
        // Beside the policy: whoever lends that directory removes it.
        "TRUST_BUDGET_BREAK_GLASS_JOURNAL": journal(of: name, policy: path),
      ], by: launcher)
    do {
      let port = try await wait(for: "\(name) to listen") {
        let log = program.errors
        if let match = log.firstMatch(of: /address"?[=:]"?127\.0\.0\.1:([0-9]+)/) { return match.1 }
        guard program.isRunning else { throw TestFailure("\(name) ended: \(log)") }
        return nil
      }
      return RunningNode(name: name, url: "http://127.0.0.1:\(port)", program: program)
    } catch {
      await program.kill()
      throw error
    }
  }

  /// Where a node with this name and policy records emergencies.
  static func journal(of name: String, policy path: String) -> String {
    URL(filePath: path).deletingLastPathComponent().appending(path: "journal-\(name).db").path(
      percentEncoded: false)
  }

  var port: UInt16 { UInt16(url.split(separator: ":").last ?? "") ?? 0 }

  /// Starts one, lends it, and kills it.
  static func with<R>(
    _ name: String = "node-1", on connectionString: String, policy path: String,
    auth: String = "none", _ more: [String] = [], by launcher: [String] = [],
    body: (RunningNode) async throws -> R
  ) async throws -> R {
    let node = try await start(
      name, on: connectionString, policy: path, auth: auth, more, by: launcher)
    do {
      let result = try await body(node)
      await node.program.kill()
      return result
    } catch {
      await node.program.kill()
      throw error
    }
  }

  /// Starts some, lends them, and kills them.
  static func with<R>(
    _ names: [String], on connectionString: String, policy path: String, auth: String = "none",
    body: ([RunningNode]) async throws -> R
  ) async throws -> R {
    guard let name = names.first else { return try await body([]) }
    return try await with(name, on: connectionString, policy: path, auth: auth) { node in
      try await with(Array(names.dropFirst()), on: connectionString, policy: path, auth: auth) {
        try await body([node] + $0)
      }
    }
  }
}
