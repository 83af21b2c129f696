import LibPQ

/// Finds out whether a lane could have a session, by opening one. Whoever asks at the same time, or a moment
/// later, gets the same answer: sessions cost the server something, and may be what it is short of.
actor LaneProbe {
  /// For how long an answer holds.
  private static let interval: Duration = .seconds(1)

  private let configuration: PostgresConfiguration
  private var latest: Task<Void, any Error>?
  private var begun = ContinuousClock.now

  init(_ configuration: PostgresConfiguration) {
    self.configuration = configuration
  }

  /// - Throws: `PostgresError`, why there is none.
  func check() async throws {
    if let latest, .now - begun < LaneProbe.interval { return try await latest.value }
    begun = .now
    let task = Task { [configuration] in try await PostgresConnection.with(configuration) { _ in } }
    latest = task
    try await task.value
  }
}
