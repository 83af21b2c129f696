import Foundation
import PrivatePostgres

/// Something to measure, in rounds in which both sides take turns.
struct Measurement {
  let name: String
  let run: (_ postgres: PrivatePostgres, _ rounds: Int) async throws -> [Comparison]

  func run(on postgres: PrivatePostgres, rounds: Int) async throws -> [Comparison] {
    try await run(postgres, rounds)
  }

  static func all(
    program: String, seconds: Int, budgets: Int, mirrored: Int
  ) -> [Measurement] {
    [
      engine("engine, \(budgets) budgets", budgets: budgets, seconds: seconds, yardstick: 4),
      engine("engine, one hot budget", budgets: 1, seconds: seconds, yardstick: 14),
      copy(seconds: seconds),
      nodes(seconds: seconds),
      http(
        "http, \(budgets) budgets", program: program, budgets: budgets, seconds: seconds,
        yardstick: 1),
      http("http, one hot budget", program: program, budgets: 1, seconds: seconds, yardstick: 4),
      latency(program: program, seconds: seconds, budgets: budgets),
      mirrorCatchingUp(entries: mirrored, budgets: budgets),
      mirrorUnderLoad(seconds: seconds, budgets: budgets),
      mirrorOfNode(program: program, seconds: seconds, budgets: budgets),
    ]
  }

  private static func sql(_ name: String) throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "sql/\(name).sql")
    return try String(contentsOf: file, encoding: .utf8)
  }

  /// The engine in process against the plain charge by pgbench.
  private static func engine(
    _ name: String, budgets: Int, seconds: Int, yardstick: Double
  ) -> Measurement {
    Measurement(name: name) { postgres, rounds in
      let theirs = try await Database.make(on: postgres, budgets: budgets)
      let ours = try await Database.make(on: postgres, budgets: budgets)
      let pgbench = PgBench(
        sql: try sql("plain-charge"), database: theirs, budgets: budgets, seconds: seconds)
      let clients = try pgbench.bestClients(among: budgets == 1 ? [1, 2, 4, 8] : [4, 8, 16, 32])
      let engine = EngineLoad(database: ours, budgets: budgets, seconds: seconds)
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      for _ in 0..<rounds {
        try await theirs.rest()
        rates.theirs.append(try pgbench.rate(clients: clients))
        try await ours.rest()
        rates.ours.append(try await engine.rate())
        progress("  pgbench -c \(clients): \(rates.theirs), engine: \(rates.ours)")
      }
      try await theirs.drop(on: postgres)
      try await ours.drop(on: postgres)
      return [
        Comparison(
          name: "\(name), 512 callers, against pgbench", unit: "charges/s", ours: rates.ours,
          theirs: rates.theirs, yardstick: yardstick, moreIsBetter: true)
      ]
    }
  }

  /// The engine on one hot budget against COPY of the same rows: the limit.
  private static func copy(seconds: Int) -> Measurement {
    Measurement(name: "engine, one hot budget, against COPY") { postgres, rounds in
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      for _ in 0..<rounds {
        let database = try await Database.make(on: postgres, budgets: 1)
        rates.ours.append(
          try await EngineLoad(database: database, budgets: 1, seconds: seconds).rate())
        rates.theirs.append(try await CopyLimit(database: database).rate(on: postgres))
        progress("  copy: \(rates.theirs), engine: \(rates.ours)")
        try await database.drop(on: postgres)
      }
      return [
        Comparison(
          name: "engine, one hot budget, against COPY of the same rows", unit: "rows/s",
          ours: rates.ours, theirs: rates.theirs, yardstick: 0.6, moreIsBetter: true)
      ]
    }
  }

  /// Four nodes on one hot budget against one node: beside PostgreSQL, and on the same processors.
  private static func nodes(seconds: Int) -> Measurement {
    Measurement(name: "four nodes, one hot budget") { postgres, rounds in
      typealias Rates = (four: [Double], one: [Double])
      var apart: Rates = ([], [])
      var together: Rates = ([], [])
      let processors = try Processors()
      let database = try await Database.make(on: postgres, budgets: 1)
      func rate(nodes: Int) async throws -> Double {
        try await database.rest()
        return try await EngineLoad(
          database: database, budgets: 1, seconds: seconds, nodes: nodes
        ).rate()
      }
      for _ in 0..<rounds {
        if processors.canBeParted {
          try await processors.parted(from: postgres) {
            apart.one.append(try await rate(nodes: 1))
            apart.four.append(try await rate(nodes: 4))
          }
        }
        together.one.append(try await rate(nodes: 1))
        together.four.append(try await rate(nodes: 4))
        progress("  apart: \(apart), together: \(together)")
      }
      try await database.drop(on: postgres)
      let name = "four nodes on one hot budget, against one node"
      return [
        (name, together), ("\(name), PostgreSQL on processors of its own", apart),
      ].filter { !$0.1.four.isEmpty }.map {
        Comparison(
          name: $0, unit: "charges/s", ours: $1.four, theirs: $1.one, yardstick: 0.8,
          moreIsBetter: true)
      }
    }
  }

  /// The service over HTTP against the plain charge by pgbench.
  private static func http(
    _ name: String, program: String, budgets: Int, seconds: Int, yardstick: Double
  ) -> Measurement {
    Measurement(name: name) { postgres, rounds in
      let theirs = try await Database.make(on: postgres, budgets: budgets)
      let ours = try await Database.make(on: postgres, budgets: budgets)
      let pgbench = PgBench(
        sql: try sql("plain-charge"), database: theirs, budgets: budgets, seconds: seconds)
      let clients = try pgbench.bestClients(among: budgets == 1 ? [1, 2, 4, 8] : [4, 8, 16, 32])
      let node = try HTTPLoad(program: program, database: ours, budgets: budgets)
      defer { node.stop() }
      try await node.catchUp()
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      var memory: [Double] = []
      for _ in 0..<rounds {
        try await theirs.rest()
        rates.theirs.append(try pgbench.rate(clients: clients))
        try await ours.rest()
        rates.ours.append(try node.run(connections: 256, seconds: seconds).rate)
        memory.append(try node.residentMegabytes())
        progress("  pgbench -c \(clients): \(rates.theirs), http: \(rates.ours)")
      }
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
  private static func latency(program: String, seconds: Int, budgets: Int) -> Measurement {
    Measurement(name: "latency") { postgres, rounds in
      let theirs = try await Database.make(on: postgres, budgets: budgets)
      let ours = try await Database.make(on: postgres, budgets: budgets)
      let pgbench = PgBench(
        sql: try sql("three-statements"), database: theirs, budgets: budgets, seconds: seconds)
      let node = try HTTPLoad(program: program, database: ours, budgets: budgets)
      defer { node.stop() }
      try await node.catchUp()
      var lone: (ours: [Double], theirs: [Double]) = ([], [])
      var loaded: (p99: [Double], median: [Double]) = ([], [])
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

  /// A node's file from nothing, against psql and sqlite3.
  private static func mirrorCatchingUp(entries: Int, budgets: Int) -> Measurement {
    Measurement(name: "mirror, catching up") { postgres, rounds in
      let database = try await Database.make(on: postgres, budgets: 0)
      progress("  writing \(entries) entries …")
      try await MirrorLoad.trail(entries, budgets: min(budgets, max(1, entries / 10)), in: database)
      let count = try await MirrorLoad.count(in: database)
      let mirror = try MirrorLoad(database: database)
      defer { mirror.remove() }
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      for _ in 0..<rounds {
        rates.theirs.append(try mirror.importRate(entries: count))
        rates.ours.append(try await mirror.catchUpRate(entries: count))
        progress("  psql | sqlite3: \(rates.theirs), mirror: \(rates.ours)")
      }
      try await database.drop(on: postgres)
      return [
        Comparison(
          name: "mirror, catching up \(count) entries, against psql COPY | sqlite3 .import",
          unit: "entries/s", ours: rates.ours, theirs: rates.theirs, yardstick: 0.5,
          moreIsBetter: true)
      ]
    }
  }

  /// A mirror beside the engine under full load: whether it keeps up, and what it costs.
  private static func mirrorUnderLoad(seconds: Int, budgets: Int) -> Measurement {
    Measurement(name: "mirror, under load") { postgres, rounds in
      try await mirror("engine", rounds: rounds) {
        let database = try await Database.make(on: postgres, budgets: budgets)
        let engine = EngineLoad(database: database, budgets: budgets, seconds: seconds)
        let without = try await engine.rate()
        let mirror = try MirrorLoad(database: database)
        defer { mirror.remove() }
        try await database.rest()
        let with = try await mirror.rateUnderMirror(engine)
        try await database.drop(on: postgres)
        return (without, with)
      }
    }
  }

  /// The same over HTTP: a whole node under full load, with its mirror and without.
  private static func mirrorOfNode(program: String, seconds: Int, budgets: Int) -> Measurement {
    Measurement(name: "mirror, of a node under load") { postgres, rounds in
      let database = try await Database.make(on: postgres, budgets: budgets)
      func node(isMirroring: Bool) async throws -> MirrorLoad.Result {
        let node = try HTTPLoad(
          program: program, database: database, budgets: budgets, isMirroring: isMirroring)
        defer { node.stop() }
        if isMirroring { try await node.catchUp() }
        try await database.rest()
        // Either node is asked how its mirror is, though one has none: that costs both the same.
        return try await MirrorLoad.watching(for: seconds, every: .milliseconds(200)) {
          try node.run(connections: 256, seconds: seconds).rate
        } lag: {
          try await node.lag()
        }
      }
      let comparisons = try await mirror("http, 256 connections", rounds: rounds) {
        // In this order, a machine that grows faster or slower meanwhile does so for both alike.
        let before = try await node(isMirroring: false).rate
        let with = [try await node(isMirroring: true), try await node(isMirroring: true)]
        let after = try await node(isMirroring: false).rate
        return (
          (before + after) / 2,
          (with.map(\.rate).reduce(0, +) / 2, with.map(\.lag).reduce(0, max))
        )
      }
      try await database.drop(on: postgres)
      return comparisons
    }
  }

  /// What a mirror costs, and how far it falls behind.
  ///
  /// - Parameter round: charges without it, and then with it.
  private static func mirror(
    _ name: String, rounds: Int,
    _ round: () async throws -> (without: Double, with: MirrorLoad.Result)
  ) async throws -> [Comparison] {
    var rates: (with: [Double], without: [Double]) = ([], [])
    var lags: [Double] = []
    for _ in 0..<rounds {
      let result = try await round()
      rates.without.append(result.without)
      rates.with.append(result.with.rate)
      lags.append(result.with.lag)
      progress("  without: \(rates.without), with: \(rates.with), lag: \(lags)")
    }
    return [
      Comparison(
        name: "\(name): with a mirror, against without", unit: "charges/s", ours: rates.with,
        theirs: rates.without, yardstick: 0.9, moreIsBetter: true),
      Comparison(
        name: "\(name): longest lag of the mirror", unit: "s, of 1", ours: lags,
        theirs: lags.map { _ in 1 }, yardstick: 1, moreIsBetter: false),
    ]
  }

  /// A ledger of ten million budgets and twenty million entries against an empty one.
  static func grownLedger(seconds: Int) -> Measurement {
    Measurement(name: "grown ledger") { postgres, rounds in
      let small = try await Database.make(on: postgres, budgets: 100_000)
      let large = try await Database.make(on: postgres, budgets: 10_000_000)
      progress("  adding ten million charges …")
      try await large.execute(
        """
        INSERT INTO trust_budget.audit_entries
               (epoch, budget_id, budget_seq, kind, username, cost, balance_before, balance_after,
                request_id, rule, actor, node, detail, occurred_at, hash)
        SELECT 1, budget_id, 2, 'charge', 'alice', 1, balance, balance - 1,
               gen_random_uuid()::text, 'Developer', 'ca', 'bench', '{"request":"0"}', now(),
               last_hash
        FROM trust_budget.budgets;
        UPDATE trust_budget.budgets SET last_seq = 2, spent = 1;
        """)
      try await large.rest()
      // What is not in memory yet is not to be measured. Each turn begins with a checkpoint, though, behind
      // which a page is logged whole when it is first touched: the large side has many more of them to log.
      for database in [small, large] {
        _ = try await EngineLoad(database: database, budgets: 100_000, seconds: 15).rate()
      }
      var rates: (ours: [Double], theirs: [Double]) = ([], [])
      for _ in 0..<rounds {
        try await small.rest()
        rates.theirs.append(
          try await EngineLoad(database: small, budgets: 100_000, seconds: seconds).rate())
        try await large.rest()
        // As many budgets in use as on the other side, scattered over all of them.
        rates.ours.append(
          try await EngineLoad(database: large, budgets: 100_000, seconds: seconds).rate())
        progress("  empty: \(rates.theirs), grown: \(rates.ours)")
      }
      try await small.drop(on: postgres)
      try await large.drop(on: postgres)
      return [
        Comparison(
          name: "10,000,000 budgets and 20,000,000 entries, against an empty ledger",
          unit: "charges/s", ours: rates.ours, theirs: rates.theirs, yardstick: 0.8,
          moreIsBetter: true)
      ]
    }
  }
}
