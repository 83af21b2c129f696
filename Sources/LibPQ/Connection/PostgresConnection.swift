import CPostgreSQL

/// A connection to PostgreSQL, with a thread of its own on which libpq may block.
///
/// Its session is lent to a synchronous closure at a time: with an `await` inside a transaction, other
/// work could slip in between.
package actor PostgresConnection {
  private let thread: ConnectionThread
  private let health = ConnectionHealth()
  private var session: PostgresSession?
  private var cancellation: StatementCancellation?

  /// The actor runs on its own thread.
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  private init(thread: ConnectionThread) {
    self.thread = thread
  }

  // On the connection's thread, which is where libpq says goodbye to the server.
  isolated deinit {
    session = nil
  }

  /// Connects, and applies the configuration's settings to the session.
  ///
  /// - Parameter thread: for connections that are used by turns; otherwise each has its own.
  /// - Throws: ``PostgresError``: of kind `connection`, with the SQLSTATE where the server refused
  ///   (``PostgresError/isAuthenticationFailure``, `cannotConnectNow`)
  ///   and none where it couldn't be reached; `timeout` where it said no more then; `server` for a
  ///   refused setting;
  ///   `cancelled`; `misuse` for a string that makes no sense.
  package static func connect(
    _ configuration: PostgresConfiguration, on thread: ConnectionThread = ConnectionThread()
  ) async throws -> PostgresConnection {
    let connection = PostgresConnection(thread: thread)
    try await connection.open(configuration)
    return connection
  }

  /// Connects, lends the connection to a closure, and closes it afterwards.
  ///
  /// - Throws: ``PostgresError``, as ``connect(_:on:)``, or what the closure throws.
  package static func with<Result: Sendable>(
    _ configuration: PostgresConfiguration, _ body: (PostgresConnection) async throws -> Result
  ) async throws -> Result {
    let connection = try await connect(configuration)
    return try await doing {
      try await body(connection)
    } finally: {
      await connection.close()
    }
  }

  /// Whether the connection works as far as anybody knows: false once it was closed or lost, or had
  /// to be given up. Never true again.
  package nonisolated var isUsable: Bool { health.isUsable }

  /// Lends the session to a closure, on the connection's thread.
  ///
  /// If the closure throws, a transaction that it left open is rolled back.
  ///
  /// - Parameters:
  ///   - onTaskCancellation: What becomes of the current statement when the task is cancelled.
  ///   - body: What to do. It may block.
  /// - Returns: What the closure returns.
  /// - Throws: What the closure throws; ``PostgresError`` from the session's calls.
  package func run<Result: Sendable>(
    onTaskCancellation: CancellationBehaviour = .cancelStatement,
    _ body: @Sendable (PostgresSession) throws -> Result
  ) async throws -> Result {
    guard onTaskCancellation == .cancelStatement, let cancellation else {
      return try perform(body)
    }
    let scope = StatementCancellation.Scope()
    // The closure has to use `self`: one that doesn't is not isolated, and would block a cooperative
    // thread.
    return try await withTaskCancellationHandler {
      try perform(body, in: scope)
    } onCancel: {
      cancellation.cancel(scope)
    }
  }

  /// Closes the connection. What waits for it fails.
  package func close() {
    health.markBroken()
    session = nil
  }

  /// Whether the server is still there, without asking it: notices a connection that it closed.
  func isAlive() -> Bool {
    session?.isAlive() ?? false
  }

  /// Ends a transaction that was left open.
  func makeIdle() {
    session?.rollBackIfNeeded()
  }

  /// - Parameter scope: Nil for statements that nobody may cancel.
  private func perform<Result>(
    _ body: (PostgresSession) throws -> Result, in scope: StatementCancellation.Scope? = nil
  ) throws -> Result {
    guard let session, health.isUsable else {
      throw PostgresError(.connection, "the connection is closed")
    }
    do {
      if let scope { cancellation?.enter(scope) }
      defer { cancellation?.leave() }
      return try body(session)
    } catch {
      session.rollBackIfNeeded()
      throw error
    }
  }

  private func open(_ configuration: PostgresConfiguration) throws {
    do {
      let deadline = ContinuousClock.now + configuration.connectTimeout
      let connection = try ConnectionAttempt(configuration).connect()
      guard let cancellation = StatementCancellation(connection: connection) else {
        PQfinish(connection)
        throw PostgresError(.connection, "the connection was lost at once")
      }
      // To set the session up is a part of connecting.
      let wire = Wire(
        connection: connection, health: health, cancellation: cancellation,
        responseTimeout: deadline - .now)
      let session = PostgresSession(wire: wire)
      try session.applySettings(configuration.effectiveSettings)
      wire.responseTimeout = configuration.responseTimeout
      self.cancellation = cancellation
      self.session = session
    } catch {
      health.markBroken()
      throw error
    }
  }
}
