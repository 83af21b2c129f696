/// Waits until a condition holds, looking again at once at first, then at intervals.
///
/// - Returns: whether it held before the deadline.
package func eventually(
  within limit: Duration = .seconds(20), every interval: Duration = .milliseconds(3),
  _ condition: () async throws -> Bool
) async throws -> Bool {
  let start = ContinuousClock.now
  while ContinuousClock.now < start + limit {
    if try await condition() { return true }
    if ContinuousClock.now < start + .milliseconds(1) {
      await Task.yield()
    } else {
      try await Task.sleep(for: interval)
    }
  }
  return false
}
