import BudgetLedger
import ClaimedFile
import Foundation
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
  package let path: String
  // Not the string itself, whose password a log of services would show.
  private let configuration: PostgresConfiguration
  private let settings: AuditMirrorSettings

  /// - Parameter metrics: makes what the mirror counts with.
  /// - Throws: `PostgresError` when the connection string cannot be read.
  package init(
    connectionString: String, settings: AuditMirrorSettings, logger: Logger,
    metrics: any MetricsFactory = NOOPMetricsHandler.instance
  ) throws {
    configuration = try TrailReader.configuration(
      connectionString: connectionString, applicationName: "trust-budget \(settings.node) mirror")
    self.settings = settings
    path = settings.path
    var logger = logger
    logger[metadataKey: "file"] = "\(settings.path)"
    health = MirrorHealth(node: settings.node, logger: logger, metrics: metrics)
  }

  /// Follows the trail until the service is told to stop; then catches up for a moment.
  package func run() async throws {
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

  /// Opens session and file, and follows the one into the other for as long as both last.
  private func follow(_ onProgress: () -> Void) async throws {
    try await TrailReader.with(configuration) { reader in
      let window = try await reader.window()
      // Not before: what was claimed and not looked at would be taken for one of ours the next time.
      let claim = try claim()
      let file = try await openFile(ledger: window.ledger, claim: claim)
      do {
        try await follow(reader, into: file, onProgress)
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
    _ reader: TrailReader, into file: AuditFile, _ onProgress: () -> Void
  ) async throws {
    health.note(file.summary)
    var epoch = Int64(-1)
    var interval = settings.busyInterval
    var nextWitnesses = ContinuousClock.now
    var completeness = Completeness()
    var heldBackSince: ContinuousClock.Instant?
    let pages = file.checkPages()
    defer { pages?.end() }
    while true {
      // Told to end: what was committed before comes in as well, if that is a matter of a moment.
      let isLast = Task.isShuttingDownGracefully
      guard file.isInPlace else { throw AuditFileError.replaced }
      if let damage = pages?.damage { throw AuditFileError.corrupt(damage) }
      let start = ContinuousClock.now
      var (window, complete) = try await look(reader, &completeness)
      let known = file.summary
      guard window.ledger.id == known.ledger.id else {
        throw MirrorRefusal.foreignLedger(found: window.ledger.id, expected: known.ledger.id)
      }
      guard window.ledger.epoch >= known.ledger.epoch else {
        throw MirrorRefusal.epochWentBack(
          found: window.ledger.epoch, expected: known.ledger.epoch)
      }
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
      // Events first: the file is complete once the last page of entries is in it.
      let events = try await catchUpEvents(with: &window, reader, file, until: deadline)
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
      // The longer the work, the longer the rest: under load, fewer and larger transactions, whose
      // pages are written once for many entries. What commits now is in the file after this rest and
      // the work on either side of it. Who falls behind does not rest.
      let work = ContinuousClock.now - start
      let spare = settings.freshness - work * 2
      if spare > .zero { await pause(max(interval, min(work * 4, spare))) }
    }
  }

  /// Whether PostgreSQL has what the file has, by the newest rows of both trails.
  private func verify(_ file: AuditFile, on reader: TrailReader, _ count: Int) async throws {
    try await reader.verify(file.newest(MirroredEntry.self, count))
    try await reader.verify(file.newest(MirroredEvent.self, count))
  }

  /// Fixes a window, and looks again a moment later where it is held back.
  ///
  /// Under load some transaction is always open. Those that were open at the first look are over at
  /// the next, and then all that had committed by the first one is in the window.
  ///
  /// - Returns: the last window, and when the file is complete as of, once that is in it.
  private func look(
    _ reader: TrailReader, _ completeness: inout Completeness
  ) async throws -> (TrailWindow, Completeness.Moment?) {
    var instant = ContinuousClock.now
    let first = try await reader.window()
    var window = first
    var complete = completeness.note(first, at: instant)
    for _ in 0..<settings.looks {
      guard window.isHeldBack, window.horizon < first.nextTransaction,
        !Task.isShuttingDownGracefully, !Task.isCancelled
      else { break }
      await pause(settings.lookInterval)
      instant = .now
      window = try await reader.window()
      complete = completeness.note(window, at: instant) ?? complete
    }
    return (window, complete)
  }

  /// Brings all break-glass events of a window into the file. There are never many.
  ///
  /// - Returns: how many came. Where they were cut short, the window says of no moment any more that
  ///   the file is complete.
  private func catchUpEvents(
    with window: inout TrailWindow, _ reader: TrailReader, _ file: AuditFile,
    until deadline: ContinuousClock.Instant?
  ) async throws -> Int {
    let size = settings.pageSize
    var count = 0
    while true {
      let page: [MirroredEvent] = try await reader.page(
        after: file.summary.events?.position ?? .start, of: window, limit: size)
      let isEnd = page.count < size
      if !page.isEmpty { try await confirm(window, reader) }
      let isWaiting = try await file.isWaitingForEvents
      if isWaiting || !page.isEmpty {
        try await file.append(page, of: window, endsWindow: isEnd)
        health.note(file.summary, newEvents: page.count)
      }
      count += page.count
      if isEnd { return count }
      if isCutShort(deadline) {
        window.completeAsOf = nil
        return count
      }
    }
  }

  /// Keeps what a failover could still undo out of the file: it would be a fork there, or an epoch that
  /// went back.
  private func confirm(_ window: TrailWindow, _ reader: TrailReader) async throws {
    if window.hasSynchronousStandby { try await reader.awaitStandby() }
  }

  /// Whether a node that is told to end leaves the rest for the next time.
  private func isCutShort(_ deadline: ContinuousClock.Instant?) -> Bool {
    deadline.map { ContinuousClock.now > $0 } ?? Task.isShuttingDownGracefully
  }

  /// Brings all entries of a window into the file. The next page is fetched while this one is written.
  ///
  /// - Returns: how many entries came.
  private func catchUp(
    with window: TrailWindow, _ reader: TrailReader, _ file: AuditFile, newEvents: Int,
    until deadline: ContinuousClock.Instant?
  ) async throws -> Int {
    let size = settings.pageSize
    var page: [MirroredEntry] = try await reader.page(
      after: file.summary.entries.position, of: window, limit: size)
    if page.isEmpty {
      // Nothing to write, but for what was waited for, a new epoch, or a new moment of completeness.
      let isOld = file.summary.ledger.epoch != window.ledger.epoch
      if isOld { try await confirm(window, reader) }
      if isOld || newEvents > 0 || file.summary.completeAsOf == nil {
        try await file.append([], of: window, commits: true, endsWindow: true)
      } else if try await file.isWaiting {
        try await file.append([], of: window, commits: false, endsWindow: true)
        try await file.commit()
      }
      return 0
    }
    try await confirm(window, reader)
    if page.count == size { health.note(.catchingUp) }
    var count = 0
    var uncommitted = 0
    do {
      while true {
        let isEnd = page.count < size
        // What was started is finished, but for a node that is told to end.
        let isCutShort = !isEnd && isCutShort(deadline)
        uncommitted += page.count
        let commits = isEnd || isCutShort || uncommitted >= settings.transactionSize
        // The last page is empty where the ones before it were full.
        let last = page.last?.position ?? .start
        async let ahead: [MirroredEntry] =
          isEnd || isCutShort ? [] : reader.page(after: last, of: window, limit: size)
        try await file.append(page, of: window, commits: commits, endsWindow: isEnd)
        count += page.count
        if commits {
          health.note(file.summary, newEntries: uncommitted)
          uncommitted = 0
        }
        if isEnd || isCutShort { return count }
        page = try await ahead
      }
    } catch {
      // A session that is lost takes nothing with it that has come.
      if error is PostgresError { try? await file.commit() }
      throw error
    }
  }
}

// MARK: - Trouble

extension AuditMirror {
  private func note(_ error: any Error) {
    switch error {
    case let refusal as MirrorRefusal: health.note(.refused(reason: "\(refusal)"))
    case AuditFileError.foreign: health.note(.refused(reason: "\(error)"))
    case is AuditFileError:
      health.note(.waiting(reason: "\(error)"))
    case let value as InvalidValue:
      health.note(.refused(reason: "an entry in PostgreSQL cannot be read: \(value)"))
    default: health.note(.waiting(reason: LedgerHealth.reason(error)))
    }
  }

  /// Waits, but no longer than the service is to run.
  private func pause(_ duration: Duration) async {
    _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
  }

  private func claim() throws(AuditFileError) -> ClaimedFile {
    do {
      return try ClaimedFile(
        claiming: path, holder: "process \(getpid()), node \(settings.node)")
    } catch {
      throw AuditFileError(error)
    }
  }

  private func openFile(ledger: LedgerIdentity, claim: ClaimedFile) async throws -> AuditFile {
    func open() async throws -> AuditFile {
      try await AuditFile.open(claim, ledger: ledger, headsInterval: settings.headsInterval)
    }
    do {
      return try await open()
    } catch AuditFileError.corrupt(let reason)
      where claim.wasClaimedBefore || AuditFile.isMarked(claim.path)
    {
      try setAside(claim, because: reason)
      return try await open()
    } catch AuditFileError.corrupt(let reason) {
      // It was named by mistake, and is nobody's to move: not the next time either.
      claim.abandon()
      throw AuditFileError.foreign("\(reason); name another one, or move it away")
    } catch AuditFileError.foreign(let reason) {
      claim.abandon()
      throw AuditFileError.foreign(reason)
    }
  }

  /// Keeps a damaged file under another name; the next one is built from PostgreSQL.
  private func setAside(_ claim: ClaimedFile, because reason: String) throws(AuditFileError) {
    let time = settings.now().description.prefix(19).replacing(":", with: "")
    do {
      health.noteSetAside(try claim.setAside(as: "corrupt-\(time)"), because: reason)
    } catch {
      throw AuditFileError(error)
    }
  }
}
