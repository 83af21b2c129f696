import AsyncHTTPClient
import ChildProcess
import Foundation
import NIOCore

/// A running node, asked over HTTP by wrk: one charge a request.
final class HTTPLoad: Sendable {
  struct Result {
    let rate: Double
    /// Milliseconds.
    let median: Double
    let p99: Double
  }

  private let process: pid_t
  /// Policy, audit file and whatever else the node keeps.
  private let directory: URL
  private let address: String
  private let budgets: Int

  /// A node for as long as `body` runs, with all of the trail in its audit file when that begins.
  ///
  /// - Parameter isMirroring: false for a node whose audit file is where none can be.
  static func with<Result>(
    program: String, database: Database, budgets: Int, isMirroring: Bool = true,
    _ body: (HTTPLoad) async throws -> Result
  ) async throws -> Result {
    let node = try HTTPLoad(
      program: program, database: database, budgets: budgets, isMirroring: isMirroring)
    defer { node.stop() }
    if isMirroring { try await node.catchUp() }
    return try await body(node)
  }

  private init(program: String, database: Database, budgets: Int, isMirroring: Bool) throws {
    self.budgets = budgets
    directory = FileManager.default.temporaryDirectory
      .appending(path: "bench-node-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let policy = directory.appending(path: "policy.yaml")
    try Data(HTTPLoad.policy.utf8).write(to: policy)
    let file =
      isMirroring
      ? directory.appending(path: "audit.db").path(percentEncoded: false) : "/proc/audit/audit.db"
    let errors = Pipe()
    process = try Tool.start(
      [
        program, "serve", "--database-url", database.connectionString, "--policy",
        policy.path(percentEncoded: false),
        "--listen", "127.0.0.1:0", "--node-name", "bench", "--auth", "none",
        "--audit-file", file,
      ], output: .standardOutput, errors: errors.fileHandleForWriting)
    var log = ""
    while log.firstMatch(of: /address=.*listening/) == nil {
      let more = errors.fileHandleForReading.availableData
      if more.isEmpty { break }
      log += String(decoding: more, as: UTF8.self)
    }
    address = log.firstMatch(of: /address=(127\.0\.0\.1:\d+)/).map { String($0.1) } ?? ""
    guard !address.isEmpty else {
      stop()
      throw Tool.Failure(description: "the node did not start: \(log)")
    }
    // Whatever it says later must not fill the pipe.
    errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
  }

  private func stop() {
    kill(process, SIGTERM)
    Child.reap(process)
    try? FileManager.default.removeItem(at: directory)
  }

  /// The node's resident memory, in MB.
  func residentMegabytes() throws -> Double {
    let status = try String(
      contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    guard let match = status.firstMatch(of: /VmRSS:\s+(\d+) kB/), let kB = Double(match.1) else {
      throw Tool.Failure(description: "the node's memory cannot be read")
    }
    return kB / 1_024
  }

  /// How far the node's audit file is behind, in seconds.
  func lag() async throws -> Double { try await mirror().lag }

  /// Waits until the audit file has what is in the trail.
  private func catchUp() async throws {
    let end = ContinuousClock.now + .seconds(120)
    while true {
      let mirror = try await mirror()
      if mirror.state == "following", mirror.lag < 0.5 { return }
      guard ContinuousClock.now < end else {
        throw Tool.Failure(description: "the node's mirror does not catch up: \(mirror.state)")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func mirror() async throws -> (state: String, lag: Double) {
    let answer = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: "http://\(address)/readyz"), timeout: .seconds(10))
    let status = String(buffer: try await answer.body.collect(upTo: 65_536))
    guard
      let match = status.firstMatch(
        of: /"audit_mirror":\{"state":"(\w+)","lag_seconds":([\d.]+)/),
      let lag = Double(match.2)
    else { throw Tool.Failure(description: "the node does not say how its mirror is: \(status)") }
    return (String(match.1), lag)
  }

  func run(connections: Int, seconds: Int) throws -> Result {
    let script = directory.appending(path: "load.lua")
    try Data(HTTPLoad.script(budgets: budgets).utf8).write(to: script)
    let output = try Tool.run(
      "wrk",
      [
        "-t", "1", "-c", "\(connections)", "-d", "\(seconds)s", "--latency", "-s",
        script.path(percentEncoded: false),
        "http://\(address)/v1/authorizations",
      ])
    guard !output.contains("Non-2xx"), !output.contains("Socket errors"),
      let rate = output.firstMatch(of: /Requests\/sec:\s+([\d.]+)/).flatMap({ Double($0.1) }),
      let median = output.firstMatch(of: /50%\s+([\d.]+)(us|ms|s)/).flatMap(HTTPLoad.milliseconds),
      let p99 = output.firstMatch(of: /99%\s+([\d.]+)(us|ms|s)/).flatMap(HTTPLoad.milliseconds)
    else { throw Tool.Failure(description: "wrk was not answered as it should be: \(output)") }
    return Result(rate: rate, median: median, p99: p99)
  }

  private static func milliseconds(
    _ match: Regex<(Substring, Substring, Substring)>.Match
  ) -> Double? {
    let scale = ["us": 0.001, "ms": 1, "s": 1_000][String(match.2)]
    return Double(match.1).flatMap { value in scale.map { value * $0 } }
  }

  private static let policy = """
    policies:
      - name: Developer
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          budget_id: "user:${username}"
          initial_balance: 9007199254740991
          reset_interval_hours: 100000
    """

  private static func script(budgets: Int) -> String {
    """
    math.randomseed(os.time())
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    request = function()
      return wrk.format(nil, nil, nil, '{"username":"' .. math.random(\(budgets)) .. '"}')
    end
    """
  }
}
