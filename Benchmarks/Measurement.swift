import Foundation
import PrivatePostgres

/// Something to measure, in rounds in which both sides take turns.
struct Measurement {
  let name: String
  let run: (_ postgres: PrivatePostgres, _ rounds: Int) async throws -> [Comparison]

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

  static func sql(_ name: String) throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "sql/\(name).sql")
    return try String(contentsOf: file, encoding: .utf8)
  }
}
