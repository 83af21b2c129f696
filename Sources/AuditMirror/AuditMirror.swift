import BudgetLedger
import ClaimedFile
import LibPQ
import Logging
import Metrics
import ServiceLifecycle
import TrustBudget

/// Keeps a node's SQLite file a complete copy of the audit trail.
///
/// It never stands in the way: whatever happens to PostgreSQL or to the file, charging goes on, and
/// the mirror catches up by itself when it can.
package struct AuditMirror: Service {
  package let health: MirrorHealth
  // Not the string itself, whose password a log of services would show.
  private let configuration: PostgresConfiguration
  let settings: AuditMirrorSettings
  private let checkedFile = CheckedFile()

  /// - Parameter metrics: makes what the mirror counts with.
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(
    connectionString: String, settings: AuditMirrorSettings, logger: Logger,
    metrics: any MetricsFactory = NOOPMetricsHandler.instance
  ) throws {
    configuration = try TrailReader.configuration(
      connectionString: connectionString, applicationName: "trust-budget \(settings.node) mirror")
    self.settings = settings
    var logger = logger
    logger[metadataKey: "file"] = "\(settings.path)"
    health = MirrorHealth(node: settings.node, logger: logger, metrics: metrics)
  }

  /// Follows the trail until the service is told to stop; then catches up for a moment.
  package func run() async throws {
    await withTaskExecutorPreference(DiskThread()) { await keepFollowing() }
  }

  private func keepFollowing() async {
    if let ledger = await ledgerOfFile() { health.note(ledger: ledger) }
    var failures = 0
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do {
        try await follow { failures = 0 }
      } catch {
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { break }
        note(error)
        failures += 1
        await pause(
          min(settings.retryInterval, .milliseconds(100) * (1 << min(failures, 10))))
      }
    }
    health.note(.stopped)
  }

  /// The ledger that the file is of; nil where it cannot be read.
  private func ledgerOfFile() async -> String? {
    guard let file = try? await ReadableFile(path: settings.path) else { return nil }
    defer { file.close() }
    return try? await file.summary.ledger.id
  }

  /// Opens session and file, and follows the one into the other for as long as both last.
  private func follow(_ onProgress: () -> Void) async throws {
    try await TrailReader.with(configuration) { reader in
      let window = try await reader.window()
      // Not before: what was claimed and not looked at would be taken for one of ours the next time.
      let claim = try claim()
      let file = try await openFile(ledger: window.ledger, claim: claim)
      do {
        try await follow(reader, into: file, at: claim, onProgress)
        file.close()
      } catch {
        let isWhole = file.close()
        if case AuditFileError.corrupt(let reason) = error {
          try setAside(claim, because: reason)
        }
        if case AuditFileError.replaced = error, !isWhole, claim.isFileInPlace, claim.isStanding {
          // It lacks pages that are in the log alone, and who reads it still counts those, for whoever opens it
          // as well.
          try setAside(claim, because: "its log was removed while somebody was reading it")
        }
        throw error
      }
    }
  }

  private func follow(
    _ reader: TrailReader, into file: AuditFile, at claim: ClaimedFile, _ onProgress: () -> Void
  ) async throws {
    health.note(file.summary)
    var epoch = Int64(-1)
    var interval = settings.busyInterval
    var nextWitnesses = ContinuousClock.now
    var completeness = Completeness()
    var heldBackSince: ContinuousClock.Instant?
    let pages = checkedFile.check(claim)
    defer { pages?.end() }
    while true {
      // Told to end: what was committed before comes in as well, if that is a matter of a moment.
      let isLast = Task.isShuttingDownGracefully
      guard file.isInPlace else { throw AuditFileError.replaced }
      if let damage = pages?.damage { throw AuditFileError.corrupt(damage) }
      let start = ContinuousClock.now
      var (window, complete) = try await look(reader, &completeness)
      let known = file.summary
      try window.requireContinuation(of: known.ledger)
      if window.ledger.epoch != epoch {
        // A new session, or a new epoch: is what the file has still there?
        try await file.checkEnd(settings.witnesses)
        try await verify(file, on: reader, settings.witnesses)
        epoch = window.ledger.epoch
        nextWitnesses = .now + settings.witnessInterval
        if let completeAsOf = known.completeAsOf {
          health.note(
            known,
            behind: .microseconds(window.moment.microseconds - completeAsOf.microseconds))
        }
      }
      if nextWitnesses <= .now {
        try await verify(file, on: reader, settings.routineWitnesses)
        nextWitnesses = .now + settings.witnessInterval
      }
      window.completeAsOf = complete?.moment
      let deadline = isLast ? start + settings.farewell : nil
      // Events first: the file is complete once the last page of entries is in it, and whoever takes its
      // events away is found by its entries.
      guard let events = try await catchUpEvents(with: window, reader, file, until: deadline)
      else {
        if isLast { return }
        continue
      }
      let count =
        try await catchUp(with: window, reader, file, newEvents: events, until: deadline) + events
      health.noteWindow(file.summary, completeAt: complete?.instant)
      health.note(.following)
      onProgress()
      if isLast || Task.isCancelled { return }

      if complete == nil {
        let since = heldBackSince ?? start
        heldBackSince = since
        if start - since > .seconds(1) { health.note(holder: try await reader.horizonHolder()) }
      } else {
        heldBackSince = nil
      }
      interval =
        count > 0 || window.isHeldBack
        ? settings.busyInterval : min(interval * 3 / 2, settings.idleInterval)
      await rest(after: ContinuousClock.now - start, atLeast: interval)
    }
  }

  /// Waits before the next window is looked at.
  ///
  /// The longer the work, the longer the rest: under load, fewer and larger transactions, whose
  /// pages are written once for many entries. What commits now is in the file after this rest and
  /// the work on either side of it. Who falls behind does not rest.
  private func rest(after work: Duration, atLeast interval: Duration) async {
    let spare = settings.freshness - work * 2
    if spare > .zero { await pause(max(interval, min(work * 4, spare))) }
  }

  /// Whether PostgreSQL has what the file has, by the newest rows of both trails.
  private func verify(_ file: AuditFile, on reader: TrailReader, _ count: Int) async throws {
    try await reader.verify(file.newest(MirroredEntry.self, count))
    try await reader.verify(file.newest(MirroredEvent.self, count))
  }
}

extension AuditMirror {
  func note(_ error: any Error) {
    switch error {
    case let refusal as MirrorRefusal: health.note(.refused(reason: "\(refusal)"))
    case AuditFileError.foreign: health.note(.refused(reason: "\(error)"))
    case is AuditFileError:
      health.note(.waiting(reason: "\(error)"))
    case let value as InvalidValue:
      health.note(.refused(reason: "an entry in PostgreSQL cannot be read: \(value)"))
    default: health.note(.waiting(reason: error.ledgerReason))
    }
  }

  /// Waits, but no longer than the service is to run.
  func pause(_ duration: Duration) async {
    _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
  }
}
