import LibPQ
import Logging
import Synchronization
import TrustBudget

/// The session that a lane decides on: opened when it is needed, thrown away when it breaks.
actor LaneConnection {
  /// An open session, and the ledger that it was found to lead to.
  struct Open: Sendable {
    let connection: PostgresConnection
    let ledger: LedgerIdentity
  }

  private let configuration: PostgresConfiguration
  private let logger: Logger
  private var open: Open? {
    didSet { hasOpen.store(open != nil, ordering: .relaxed) }
  }
  private let hasOpen = Atomic(false)
  /// The newest entry that was seen committed; a new session must find it again.
  private var witness: TrailHead?
  private var lastLook = ContinuousClock.now

  init(configuration: PostgresConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  /// Whether there is a session, for those who only want to know.
  nonisolated var isOpen: Bool { hasOpen.load(ordering: .relaxed) }

  /// The session in use, or a new one.
  ///
  /// - Parameter deadline: when the first of those who wait must have an answer.
  /// - Throws: `PostgresError`, or `SchemaProblem` when what is there is not our schema, or not the
  ///   ledger that this lane has worked on.
  func session(before deadline: ContinuousClock.Instant) async throws -> Open {
    if let open, open.connection.isUsable {
      try await lookAtTrail(on: open.connection)
      return open
    }
    open = nil
    var configuration = configuration
    // Half a second is what a sound connection may need on a busy machine; less would only hide why
    // the tries before it failed.
    let timeLeft = max(deadline - .now, .milliseconds(500))
    configuration.connectTimeout = min(configuration.connectTimeout, timeLeft)
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let witness = witness
      let (ledger, head) = try await connection.run { session in
        (
          try SchemaCheck.embedded.ledgerIdentity(on: session, witness: witness),
          try session.execute(ReadTrailHead()).first
        )
      }
      self.witness = head ?? witness
      let session = Open(connection: connection, ledger: ledger)
      open = session
      return session
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Remembers the newest entry, once a second while the lane is at work.
  private func lookAtTrail(on connection: PostgresConnection) async throws {
    guard ContinuousClock.now - lastLook > .seconds(1) else { return }
    lastLook = .now
    witness = try await connection.run { try $0.execute(ReadTrailHead()).first } ?? witness
  }

  func discard() async {
    let connection = open?.connection
    open = nil
    await connection?.close()
  }
}
