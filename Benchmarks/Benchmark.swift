import ArgumentParser
import Foundation
import LibPQ
import PrivatePostgres

/// Measures the service against PostgreSQL's own pgbench, side by side in one run.
///
/// Every figure is a median over rounds that take turns, and every claim a ratio: what a machine
/// does in a second says little, and what it does beside another program on the same data says much.
@main
struct Benchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust-budget-bench",
    abstract: "Measures the engine and the HTTP service against pgbench.",
    discussion: "Example: scripts/bench --rounds 3 --seconds 8")

  @Option(help: "Rounds of each measurement.")
  var rounds = 3

  @Option(help: "Seconds that each measurement takes.")
  var seconds = 8

  @Option(help: "Budgets in the cold case.")
  var budgets = 100_000

  @Option(help: "Entries that a mirror catches up with.")
  var mirrored = 1_000_000

  @Option(help: "Only measurements whose name contains this.")
  var only: String?

  @Option(help: "The trust-budget program to measure over HTTP.")
  var program: String

  @Flag(help: "Measure with ten million budgets and twenty million entries as well. Takes long.")
  var large = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let measurements = try chosenMeasurements()
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "trust-budget-bench-\(UUID().uuidString.prefix(8))")
    // Durable, as in production; larger than the defaults, so that checkpoints do not hit some
    // rounds and spare others. What autovacuum would do is done before each turn.
    let postgres = try await PrivatePostgres.start(
      directory: directory,
      settings: [
        "shared_buffers": "2GB", "max_wal_size": "16GB", "checkpoint_timeout": "30min",
        "max_connections": "200",
      ], ephemeral: true)
    let report = try await doing {
      try await run(measurements, on: postgres)
    } finally: {
      await postgres.stop()
    }
    print(json ? try report.json : report.table)
  }

  private func chosenMeasurements() throws -> [Measurement] {
    var measurements = Measurement.all(
      program: program, seconds: seconds, budgets: budgets, mirrored: mirrored)
    if large { measurements += [.grownLedger(seconds: seconds)] }
    guard let only else { return measurements }
    let chosen = measurements.filter { $0.name.contains(only) }
    guard !chosen.isEmpty else {
      let names = measurements.map(\.name).joined(separator: "; ")
      throw ValidationError("--only must be a part of one of these names: \(names)")
    }
    return chosen
  }

  private func run(
    _ measurements: [Measurement], on postgres: PrivatePostgres
  ) async throws -> Report {
    var report = Report()
    for measurement in measurements {
      progress("\(measurement.name) …")
      report.add(try await measurement.run(postgres, rounds))
    }
    return report
  }
}

func progress(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
