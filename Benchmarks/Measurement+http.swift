// A whole node, over HTTP.

extension Measurement {
  /// The service over HTTP against the plain charge by pgbench.
  static func http(
    _ name: String, program: String, budgets: Int, seconds: Int, yardstick: Double
  ) -> Measurement {
    Measurement(name: name) { postgres, rounds in
      let theirs = try await Database.make(on: postgres, budgets: budgets)
      let ours = try await Database.make(on: postgres, budgets: budgets)
      let pgbench = PgBench(
        sql: try sql("plain-charge"), database: theirs, budgets: budgets, seconds: seconds)
      let clients = try pgbench.bestClients(among: budgets == 1 ? [1, 2, 4, 8] : [4, 8, 16, 32])
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      var memory: [Double] = []
      try await HTTPLoad.with(program: program, database: ours, budgets: budgets) { node in
        for _ in 0..<rounds {
          try await theirs.rest()
          rates.theirs.append(try pgbench.rate(clients: clients))
          try await ours.rest()
          rates.ours.append(try node.run(connections: 256, seconds: seconds).rate)
          memory.append(try node.residentMegabytes())
          progress("  pgbench -c \(clients): \(rates.theirs), http: \(rates.ours)")
        }
      }
      try await theirs.drop(on: postgres)
      try await ours.drop(on: postgres)
      return [
        Comparison(
          name: "\(name), 256 connections, against pgbench", unit: "charges/s", ours: rates.ours,
          theirs: rates.theirs, yardstick: yardstick, moreIsBetter: true),
        Comparison(
          name: "\(name), 256 connections: resident memory of the node", unit: "MB, of 80",
          ours: memory, theirs: memory.map { _ in 80 }, yardstick: 1, moreIsBetter: false),
      ]
    }
  }

  /// What a lone request costs, and how far the slow ones are from the usual ones.
  static func latency(program: String, seconds: Int, budgets: Int) -> Measurement {
    Measurement(name: "latency") { postgres, rounds in
      let theirs = try await Database.make(on: postgres, budgets: budgets)
      let ours = try await Database.make(on: postgres, budgets: budgets)
      let pgbench = PgBench(
        sql: try sql("three-statements"), database: theirs, budgets: budgets, seconds: seconds)
      var lone: (ours: [Double], theirs: [Double]) = ([], [])
      var loaded: (p99: [Double], median: [Double]) = ([], [])
      try await HTTPLoad.with(program: program, database: ours, budgets: budgets) { node in
        for _ in 0..<rounds {
          try await theirs.rest()
          lone.theirs.append(try pgbench.medianLatency())
          try await ours.rest()
          lone.ours.append(try node.run(connections: 1, seconds: seconds).median)
          try await ours.rest()
          let result = try node.run(connections: 64, seconds: seconds)
          loaded.p99.append(result.p99)
          loaded.median.append(result.median)
          progress("  pgbench: \(lone.theirs) ms, http: \(lone.ours) ms")
        }
      }
      try await theirs.drop(on: postgres)
      try await ours.drop(on: postgres)
      return [
        Comparison(
          name: "http, one client: median, against a three-statement transaction", unit: "ms",
          ours: lone.ours, theirs: lone.theirs, yardstick: 1.5, moreIsBetter: false),
        Comparison(
          name: "http, 64 connections: p99, against their median", unit: "ms",
          ours: loaded.p99, theirs: loaded.median, yardstick: 5, moreIsBetter: false),
      ]
    }
  }
}
