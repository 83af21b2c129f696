import BudgetLedger
import Foundation
import TrustBudget
import TrustBudgetTesting

/// A node in a process of its own, with callers who write down what they send and what they are told,
/// until the process kills itself.
///
/// What a caller sends follows from its seed alone, so that it can be sent again by somebody else.
struct DoomedNode {
  /// One line of the journal: the caller's stream, the number of the operation in it, and what it was
  /// told; nothing when it was only sent.
  struct Line: Codable {
    let stream: UInt64
    let number: Int
    let told: ToldAnswer?
  }

  /// A caller's operations, one after another.
  struct Stream: IteratorProtocol {
    private var random: RandomOperations
    private var sent: [TrustBudget.Operation] = []

    init(_ stream: UInt64) {
      random = RandomOperations(seed: stream, name: "s\(stream)", budgets: 50)
    }

    mutating func next() -> TrustBudget.Operation? {
      guard let operation = try? random.next(after: sent.suffix(40)) else { return nil }
      sent.append(operation)
      return operation
    }
  }

  let database: TestDatabase
  let journal: String
  let streams: [UInt64]
  /// After how many answers the process ends.
  let lifetime: Int

  func run() async throws {
    let answered = Counter()
    let descriptor = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    try await database.withNodes(1) { nodes in
      _ = try await concurrently(streams.count) { index in
        var stream = Stream(streams[index])
        var number = 0
        while let operation = stream.next() {
          try write(Line(stream: streams[index], number: number, told: nil), to: descriptor)
          let answer = try await nodes[0].perform(operation)
          try write(
            Line(stream: streams[index], number: number, told: ToldAnswer(answer)), to: descriptor)
          number += 1
          answered.increment()
          if answered.value >= lifetime { kill(getpid(), SIGKILL) }
        }
      }
    }
  }

  private func write(_ line: Line, to descriptor: Int32) throws {
    let bytes = Array(try JSONEncoder().encode(line)) + [UInt8(ascii: "\n")]
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw TestFailure("can't write \(journal)")
    }
  }

  static func read(_ journal: String) throws -> [Line] {
    try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
  }
}
