import Synchronization

/// A bounded number of connections, made when they are needed and lent one caller at a time.
package actor PostgresPool {
  private let configuration: PostgresConfiguration
  private let opening: @Sendable (PostgresSession) throws -> Void
  /// How many connections there may be at a time.
  package nonisolated let limit: Int
  private let clock = ContinuousClock()
  private var idle: [PostgresConnection] = []
  private var lent = 0 {
    didSet { inUse.store(lent, ordering: .relaxed) }
  }
  private nonisolated let inUse = Atomic(0)
  private var waiters = WaitingLine()
  private var isClosed = false
  /// How many came back not to be lent again.
  private var losses = 0

  /// - Parameters:
  ///   - configuration: For every connection.
  ///   - maximumConnections: How many there may be at a time, at least 1.
  ///   - opening: What comes first in each session; one in which it throws is not lent.
  package init(
    _ configuration: PostgresConfiguration, maximumConnections: Int,
    opening: @escaping @Sendable (PostgresSession) throws -> Void = { _ in }
  ) {
    precondition(maximumConnections > 0, "a pool needs room for a connection")
    self.configuration = configuration
    self.opening = opening
    limit = maximumConnections
  }

  /// Connections that are lent at this moment, for those who only want to know.
  package nonisolated var lentConnections: Int { inUse.load(ordering: .relaxed) }

  /// Lends a connection, an idle one or a new one; callers wait in line while all are lent.
  ///
  /// A connection that comes back broken is replaced, and so are those that are idle then; one that was
  /// closed by the server while idle is as well. A transaction that was left open is rolled back.
  ///
  /// - Parameters:
  ///   - deadline: Until when to wait in line. (Connecting has its own limit.)
  ///   - body: What to do with the connection; it must not keep it.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or what comes first in a session; ``PostgresError`` of kind
  ///   `poolExhausted`, `connection`, `cancelled`, or `misuse` after ``close()``.
  package func withConnection<Result: Sendable>(
    deadline: ContinuousClock.Instant,
    _ body: @Sendable (PostgresConnection) async throws -> Result
  ) async throws -> Result {
    let connection = try await take(deadline: deadline)
    return try await doing {
      try await body(connection)
    } finally: {
      await giveBack(connection)
    }
  }

  /// Closes the idle connections now, and those that are lent when they come back. Who waits gets an
  /// error.
  package func close() async {
    isClosed = true
    waiters.failAll(with: Self.closed)
    await closeIdle()
  }

  private func closeIdle() async {
    let idle = idle
    self.idle = []
    for connection in idle { await connection.close() }
  }

  private static var closed: PostgresError { PostgresError(.misuse, "the pool is closed") }

  private func take(deadline: ContinuousClock.Instant) async throws -> PostgresConnection {
    try await acquireTurn(deadline: deadline)
    do {
      while let connection = idle.popLast() {
        let losses = losses
        // Where another was lost meanwhile, it is closed as the idle ones are.
        if await connection.isAlive(), losses == self.losses { return connection }
        await connection.close()
      }
      return try await connect()
    } catch {
      endTurn()
      throw error
    }
  }

  private func connect() async throws -> PostgresConnection {
    let connection = try await PostgresConnection.connect(configuration)
    do {
      try await connection.run(opening)
      return connection
    } catch {
      await connection.close()
      throw error
    }
  }

  private func giveBack(_ connection: PostgresConnection) async {
    await connection.makeIdle()
    if connection.isUsable, !isClosed {
      idle.append(connection)
    } else {
      losses += 1
      await connection.close()
      // What it met, a server that is gone without a word say, the others have met as well; each would be
      // waited for in vain.
      await closeIdle()
    }
    endTurn()
  }

  /// Waits until fewer connections than the limit are lent, and counts one more.
  private func acquireTurn(deadline: ContinuousClock.Instant) async throws {
    guard !isClosed else { throw Self.closed }
    guard lent == limit else {
      lent += 1
      return
    }
    // Whoever is sent away is in line by then: until then nobody else has the actor.
    let ticket = waiters.newTicket()
    let timer = Task { [clock, weak self] in
      try await clock.sleep(until: deadline)
      await self?.expire(ticket)
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiters.join(ticket, $0) }
    } onCancel: {
      Task { await self.leave(ticket) }
    }
  }

  /// Hands a turn to whoever waits longest.
  private func endTurn() {
    if !waiters.admitFirst() { lent -= 1 }
  }

  private func expire(_ ticket: WaitingLine.Ticket) {
    waiters.fail(
      ticket,
      with: PostgresError(
        .poolExhausted, "all \(limit) connections are in use, and none came free in time"))
  }

  private func leave(_ ticket: WaitingLine.Ticket) {
    waiters.fail(
      ticket, with: PostgresError(.cancelled, "cancelled while waiting for a connection"))
  }
}
