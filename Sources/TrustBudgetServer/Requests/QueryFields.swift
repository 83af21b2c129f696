import Foundation
import Hummingbird
import TrustBudget

/// Reads a request's query, and collects what is wrong with it.
final class QueryFields {
  private let values: [(name: String, value: String)]
  private var problems: [FieldProblem] = []

  init(_ request: Request, known: Set<String>) {
    var values: [(name: String, value: String)] = []
    for pair in (request.uri.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts[0].removingPercentEncoding, known.contains(name) else {
        problems.append(
          FieldProblem(
            field: "query",
            problem: "may hold \(known.sorted().joined(separator: ", ")), and nothing else"))
        continue
      }
      guard let value = parts.count == 2 ? parts[1].removingPercentEncoding : "" else {
        problems.append(FieldProblem(field: name, problem: "must be percent-encoded UTF-8"))
        continue
      }
      values.append((name, value))
    }
    self.values = values
  }

  func value<Value>(
    _ name: String, emptyIsAbsent: Bool = true, _ convert: (String) throws -> Value
  ) rethrows -> Value? {
    let found = values.filter { $0.name == name }
    if found.count > 1 {
      problems.append(FieldProblem(field: name, problem: "must be given once"))
    }
    guard let text = found.first?.value, !(text.isEmpty && emptyIsAbsent) else { return nil }
    do {
      return try convert(text)
    } catch let error as InvalidValue {
      problems.append(FieldProblem(field: name, problem: error.requirement))
      return nil
    }
  }

  /// How many members a page may have: 1 to 1,000, 100 by default.
  func limit() throws -> Int {
    try value("limit", emptyIsAbsent: false) { text in
      guard let number = Int(text), (1...1_000).contains(number), String(number) == text else {
        throw InvalidValue("must be a whole number from 1 to 1000")
      }
      return number
    } ?? 100
  }

  /// - Throws: `Problem` with everything that was wrong, if anything was.
  func finish() throws {
    guard problems.isEmpty else { throw Problem(invalid: problems) }
  }
}
