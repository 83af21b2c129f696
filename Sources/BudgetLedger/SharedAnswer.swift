/// The answer to a question that costs something. It is asked once for all who want to know at the same
/// time, or a moment later.
package actor SharedAnswer<Answer: Sendable> {
  private let lifetime: Duration
  private let ask: @Sendable () async throws -> Answer
  private var latest: Task<Answer, any Error>?
  private var isUnderWay = false
  private var begun = ContinuousClock.now

  /// - Parameters:
  ///   - lifetime: for how long an answer holds, from when it was asked for.
  ///   - ask: is not cancelled with who wants to know: others may.
  package init(for lifetime: Duration, _ ask: @escaping @Sendable () async throws -> Answer) {
    self.lifetime = lifetime
    self.ask = ask
  }

  /// - Throws: what asking throws; an error is an answer like any other.
  package func get() async throws -> Answer {
    if let latest, isUnderWay || .now - begun < lifetime { return try await latest.value }
    begun = .now
    isUnderWay = true
    let task = Task {
      defer { isUnderWay = false }
      return try await ask()
    }
    latest = task
    return try await task.value
  }
}
