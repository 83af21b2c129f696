// The mirror: how fast it catches up, what it costs, and how far it falls behind.

extension Measurement {
  /// A node's file from nothing, against psql and sqlite3.
  static func mirrorCatchingUp(entries: Int, budgets: Int) -> Measurement {
    Measurement(name: "mirror, catching up") { postgres, rounds in
      let database = try await Database.make(on: postgres, budgets: 0)
      let budgets = min(budgets, max(1, entries / 4))
      progress("  writing \(entries) entries of \(budgets) budgets …")
      try await MirrorLoad.trail(entries, budgets: budgets, in: database)
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
          name:
            "mirror, catching up \(count) entries of \(budgets) budgets, against psql COPY | sqlite3 .import",
          unit: "entries/s", ours: rates.ours, theirs: rates.theirs, yardstick: 0.5,
          moreIsBetter: true)
      ]
    }
  }

  /// A mirror beside the engine under full load: whether it keeps up, and what it costs.
  static func mirrorUnderLoad(seconds: Int, budgets: Int) -> Measurement {
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
  static func mirrorOfNode(program: String, seconds: Int, budgets: Int) -> Measurement {
    Measurement(name: "mirror, of a node under load") { postgres, rounds in
      let database = try await Database.make(on: postgres, budgets: budgets)
      func node(isMirroring: Bool) async throws -> MirrorLoad.Result {
        try await HTTPLoad.with(
          program: program, database: database, budgets: budgets, isMirroring: isMirroring
        ) { node in
          try await database.rest()
          // Either node is asked how its mirror is, though one has none: that costs both the same.
          return try await MirrorLoad.watching(for: seconds, every: .milliseconds(200)) {
            try node.run(connections: 256, seconds: seconds).rate
          } lag: {
            try await node.lag()
          }
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
}
