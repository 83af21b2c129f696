import Foundation

/// pgbench, PostgreSQL's own load generator.
struct PgBench {
  let sql: String
  let database: Database
  let budgets: Int
  let seconds: Int

  /// Transactions a second with so many clients.
  func rate(clients: Int) throws -> Double {
    let output = try run(clients: clients, extra: [])
    guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
      let rate = Double(line.split(separator: " ")[2])
    else { throw Tool.Failure(description: "pgbench printed no rate: \(output)") }
    return rate
  }

  /// The client count that suits it best, tried out briefly.
  func bestClients(among counts: [Int]) throws -> Int {
    let trial = PgBench(sql: sql, database: database, budgets: budgets, seconds: 3)
    let rates = try counts.map { (clients: $0, rate: try trial.rate(clients: $0)) }
    return rates.max { $0.rate < $1.rate }?.clients ?? counts[0]
  }

  /// The median latency of one client, in milliseconds.
  func medianLatency() throws -> Double {
    let prefix = FileManager.default.temporaryDirectory
      .appending(path: "pgbench-\(UUID().uuidString)").path(percentEncoded: false)
    _ = try run(clients: 1, extra: ["--log", "--log-prefix", prefix])
    let directory = URL(filePath: prefix).deletingLastPathComponent()
    let name = URL(filePath: prefix).lastPathComponent
    var latencies: [Double] = []
    for file in try FileManager.default.contentsOfDirectory(
      atPath: directory.path(percentEncoded: false))
    where file.hasPrefix(name) {
      let path = directory.appending(path: file)
      for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
        latencies += Double(line.split(separator: " ")[2]).map { [$0 / 1_000] } ?? []
      }
      try FileManager.default.removeItem(at: path)
    }
    return latencies.median
  }

  private func run(clients: Int, extra: [String]) throws -> String {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "pgbench-\(UUID().uuidString).sql")
    try Data(sql.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try Tool.run(
      "pgbench",
      [
        "-n", "-M", "prepared", "-f", file.path(percentEncoded: false), "-D", "budgets=\(budgets)",
        "-c", "\(clients)",
        "-j", "\(min(clients, 2))", "-T", "\(seconds)",
      ] + extra + [database.connectionString])
  }
}
