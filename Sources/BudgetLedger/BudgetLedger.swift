import CoreMetrics
import LibPQ
import Logging
import ServiceLifecycle
import TrustBudget

/// The ledger, as a node sees it: a few lanes that decide, a few connections that read.
///
/// PostgreSQL is the only authority: its rows, its locks, its clock.
package struct BudgetLedger: Service {
  package let health: LedgerHealth
  package let reader: LedgerReader
  private let settings: LedgerSettings
  private let lanes: [Lane]
  /// Whether a lane could have a session. One is opened to find out: sessions cost the server something, and
  /// may be what it is short of.
  private let probe: SharedAnswer<Void>
  private let watch: BudgetWatch
  private let resources = ServerResources()

  /// - Parameter metrics: makes what the ledger counts with.
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(
    connectionString: String, settings: LedgerSettings, logger: Logger,
    metrics factory: any MetricsFactory = NOOPMetricsHandler.instance
  ) throws {
    self.settings = settings
    let health = LedgerHealth(logger: logger)
    self.health = health
    let sessions = LedgerSessions(connectionString: connectionString, settings: settings)
    let configuration = try sessions.forLanes()
    self.probe = SharedAnswer(for: .seconds(1)) {
      try await PostgresConnection.with(configuration) { _ in }
    }
    let witness = Witness()
    self.reader = try LedgerReader(sessions, witness: witness)
    let watch = BudgetWatch(
      reader: reader, settings: settings, logger: logger, metrics: factory)
    self.watch = watch
    let metrics = LedgerMetrics(factory)
    let resources = resources
    self.lanes = (0..<max(1, settings.lanes)).map { number in
      var logger = logger
      logger[metadataKey: "lane"] = "\(number)"
      return Lane(
        number: number, configuration: configuration, settings: settings, witness: witness,
        health: health, watch: watch, resources: resources, metrics: metrics, logger: logger)
    }
  }

  /// Decides what is asked until the service is told to stop; then answers what still waits.
  package func run() async throws {
    // Ends with its scope: when every lane is done.
    async let _ = letGoOfOverdue()
    async let _ = watch.run()
    async let _ = lookAtHealth()
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        await withTaskGroup { group in
          for lane in lanes {
            group.addTask { await lane.run() }
          }
        }
      } onCancel: {
        close()
      }
    } onGracefulShutdown: {
      close()
    }
    await reader.close()
  }

  /// Whether the ledger can be worked on, and charged: where nobody knows whether a lane could have a
  /// session, that is tried.
  ///
  /// - Throws: as ``LedgerReader/check()``.
  package func check() async throws -> LedgerIdentity {
    let ledger: LedgerIdentity
    do {
      ledger = try await reader.check()
    } catch let problem as SchemaProblem {
      // It was migrated or restored, say, while the lanes' sessions were open.
      for lane in lanes { lane.connection.noteOutdated() }
      throw problem
    }
    if let lack = resources.lack { throw LedgerError.unavailable(reason: lack) }
    let doubtful = lanes.filter(\.connection.isMissing)
    if !doubtful.isEmpty {
      do {
        try await probe.get()
      } catch {
        throw LedgerError.unavailable(reason: error.ledgerReason)
      }
      for lane in doubtful { lane.connection.noteReachable() }
    }
    return ledger
  }

  /// Operations that wait for a lane to be free, or for rows that somebody else holds.
  package var queueLength: Int { lanes.reduce(0) { $0 + $1.waitingCount } }

  /// Operations that may wait, in all lanes.
  package var queueCapacity: Int { lanes.count * settings.queueLength }

  /// Which lanes have a session open, in their order.
  package var laneSessions: [Bool] { lanes.map(\.connection.isOpen) }

  private func close() {
    for lane in lanes { lane.queue.close() }
  }

  /// Also while nobody asks for anything, a ledger that is away is noticed.
  private func lookAtHealth() async {
    while (try? await Task.sleep(for: settings.watchInterval)) != nil {
      do {
        health.note(.available(try await check()))
      } catch {
        if Task.isCancelled { return }
        health.note(.unavailable(reason: error.ledgerReason))
      }
    }
  }

  /// Answers those who have waited too long, also while a lane is stuck in a batch.
  private func letGoOfOverdue() async {
    while (try? await Task.sleep(for: .milliseconds(100))) != nil {
      let error: LedgerError =
        if case .unavailable(let reason) = health.current {
          .unavailable(reason: reason)
        } else {
          .overloaded(reason: "the request waited longer than \(settings.patience)")
        }
      let now = ContinuousClock.now
      for lane in lanes { lane.queue.expire(at: now, because: error) }
    }
  }
}

// MARK: - Operations

extension BudgetLedger {
  /// Decides one operation, exactly once, together with whatever else waits for its lane.
  ///
  /// - Returns: the answer, when all that it says is committed.
  /// - Throws: `LedgerError`; the operation may be asked again under the same request id.
  package func perform(_ operation: Operation) async throws -> Answer {
    try await lane(of: operation).queue.perform(operation, deadline: .now + settings.patience)
  }

  /// By the first budget in sorted order, so that operations on the same budgets meet in one lane.
  func lane(of operation: Operation) -> Lane {
    let first = operation.budgetIDs.min()?.value ?? ""
    // FNV-1a: the same on every run, which makes what a log says about a lane worth something.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in first.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return lanes[Int(hash % UInt64(lanes.count))]
  }
}
