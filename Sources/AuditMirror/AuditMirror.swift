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
      // After the window is read: a file that was claimed and never looked at would pass for ours next time.
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
    var interval = settings.busyInterval
    var witnesses = Witnesses()
    var completeness = Completeness()
    let pages = checkedFile.check(claim)
    defer { pages?.end() }
    while true {
      // Told to end: what was committed before comes in as well, if that is a matter of a moment.
      let isLast = Task.isShuttingDownGracefully
      guard claim.isInPlace else { throw AuditFileError.replaced }
      if let damage = pages?.damage { throw AuditFileError.corrupt(damage) }
      let start = ContinuousClock.now
      var (window, complete) = try await look(reader, &completeness)
      try window.requireContinuation(of: file.summary.ledger)
      try await ask(&witnesses, of: file, in: window, reader)
      window.completeAsOf = complete?.moment
      // Before the rest is brought in, which may take long.
      if complete != nil { health.note(holder: nil) }
      let deadline = isLast ? start + settings.farewell : nil
      // Events first: the file is complete once the last page of entries is in it, and whoever takes its
      // events away is found by its entries.
      guard let events = try await catchUpEvents(with: window, reader, file, until: deadline),
        let entries = try await catchUp(
          with: window, reader, file, newEvents: events, until: deadline)
      else {
        if isLast { return }
        continue
      }
      let count = entries + events
      health.noteWindow(file.summary, completeAt: complete?.instant)
      health.note(.following)
      onProgress()
      if isLast || Task.isCancelled { return }

      if complete == nil, let since = completeness.heldBackSince, start - since > .seconds(1) {
        health.note(holder: try await reader.horizonHolder())
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

  /// When PostgreSQL was asked for the newest rows of a file.
  private struct Witnesses {
    var epoch = Int64(-1)
    var due = ContinuousClock.now
  }

  /// Whether PostgreSQL has what the file has, by the newest rows of both trails: by many in a new session, or
  /// a new epoch, and by some every so often.
  private func ask(
    _ witnesses: inout Witnesses, of file: AuditFile, in window: TrailWindow, _ reader: TrailReader
  ) async throws {
    let isNew = window.ledger.epoch != witnesses.epoch
    guard isNew || witnesses.due <= .now else { return }
    let count = isNew ? settings.witnesses : settings.routineWitnesses
    if isNew { try await file.checkEnd(count) }
    try await reader.verify(file.newest(MirroredEntry.self, count))
    try await reader.verify(file.newest(MirroredEvent.self, count))
    witnesses = Witnesses(
      epoch: window.ledger.epoch, due: .now + settings.witnessInterval)
    let known = file.summary
    guard isNew, let completeAsOf = known.completeAsOf else { return }
    health.note(
      known, behind: .microseconds(window.moment.microseconds - completeAsOf.microseconds))
  }
}

extension AuditMirror {
  func note(_ error: any Error) {
    switch error {
    case let refusal as MirrorRefusal: health.note(.refused(reason: "\(refusal)"))
    case AuditFileError.foreign: health.note(.refused(reason: "\(error)"))
    case is AuditFileError:
      health.note(.waiting(reason: "\(error)"))
    case let fault as TrailFault:
      health.note(.refused(reason: "PostgreSQL's trail cannot be followed: \(fault)"))
    default: health.note(.waiting(reason: error.ledgerReason))
    }
  }

  /// Waits, but no longer than the service is to run.
  func pause(_ duration: Duration) async {
    _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
  }
}
