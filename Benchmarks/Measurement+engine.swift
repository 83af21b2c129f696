// The engine in this process.

extension Measurement {
  /// The engine in process against the plain charge by pgbench.
  static func engine(
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
  static func copy(seconds: Int) -> Measurement {
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
  static func nodes(seconds: Int) -> Measurement {
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
