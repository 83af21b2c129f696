import LibPQ
import Synchronization
import TrustBudget

/// The session that a lane decides on: opened when it is needed, thrown away when it breaks.
actor LaneConnection {
  /// An open session, and the ledger that it was found to lead to.
  struct Open: Sendable {
    let connection: PostgresConnection
    let ledger: FoundLedger
  }

  private let configuration: PostgresConfiguration
  private let thread: ConnectionThread
  /// A new session must find what it names.
  private let witness: Witness
  private var open: Open? {
    didSet { hasOpen.store(open != nil, ordering: .relaxed) }
  }
  private let hasOpen = Atomic(false)
  private let isDoubtful = Atomic(true)
  private let isOutdated = Atomic(false)

  init(
    configuration: PostgresConfiguration, thread: ConnectionThread, witness: Witness
  ) {
    self.configuration = configuration
    self.thread = thread
    self.witness = witness
  }

  /// Whether there is a session, for those who only want to know.
  nonisolated var isOpen: Bool { hasOpen.load(ordering: .relaxed) }

  /// Whether there is no session, and the last attempt failed or none was made; unless one like it was had
  /// since.
  nonisolated var isMissing: Bool { !isOpen && isDoubtful.load(ordering: .relaxed) }

  /// Notes that a session like it could be had.
  nonisolated func noteReachable() { isDoubtful.store(false, ordering: .relaxed) }

  /// Has the next batch decided in a new session, which looks at everything again.
  nonisolated func noteOutdated() { isOutdated.store(true, ordering: .relaxed) }

  /// The session in use, or a new one.
  ///
  /// - Parameter deadline: when the first of those who wait must have an answer.
  /// - Throws: `PostgresError`; `UnconfirmedCommit` while no standby confirms what is committed;
  ///   `SchemaProblem` when what is there is not our schema, or not the ledger that this lane has worked
  ///   on, or one that it may not charge.
  func session(before deadline: ContinuousClock.Instant) async throws -> Open {
    if isOutdated.exchange(false, ordering: .relaxed) { await discard() }
    if let open, open.connection.isUsable { return open }
    open = nil
    isDoubtful.store(true, ordering: .relaxed)
    var configuration = configuration
    // Half a second is what a sound connection may need on a busy machine; less would only hide why
    // the tries before it failed.
    let timeLeft = max(deadline - .now, .milliseconds(500))
    configuration.connectTimeout = min(configuration.connectTimeout, timeLeft)
    let connection = try await PostgresConnection.connect(configuration, on: thread)
    do {
      let seen = witness.heads
      let ledger = try await connection.run { [witness] session in
        let ledger = try SchemaCheck.embedded.ledger(on: session, seen: seen)
        try witness.see(ledger.identity)
        try FindMissingRights.checkCharges(on: session)
        // This wait for a standby may be cancelled. A charge's may not, and each that is given up leaves a
        // session of the server behind that waits, with its locks.
        if witness.hasOverdueCommit {
          witness.begin(with: try session.confirmedTrailHead())
        }
        return ledger
      }
      let session = Open(connection: connection, ledger: ledger)
      open = session
      isDoubtful.store(false, ordering: .relaxed)
      return session
    } catch {
      await connection.close()
      throw error
    }
  }

  func discard() async {
    let connection = open?.connection
    open = nil
    await connection?.close()
  }
}
