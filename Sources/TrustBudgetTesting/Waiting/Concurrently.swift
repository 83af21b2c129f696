/// Runs `count` pieces of work at once.
///
/// - Returns: what they gave, in their order.
package func concurrently<R: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) async throws -> R
) async throws -> [R] {
  try await withThrowingTaskGroup { group in
    for number in 0..<count {
      group.addTask { (number, try await body(number)) }
    }
    var results: [Int: R] = [:]
    for try await (number, result) in group { results[number] = result }
    return (0..<count).compactMap { results[$0] }
  }
}
