import LibPQ
import ServiceLifecycle
import TrustBudget

// One window of the trail: what has committed, and cannot be overtaken any more, brought into the file.

extension AuditMirror {
  /// Fixes a window, and looks again a moment later where it is held back.
  ///
  /// Under load some transaction is always open. Those that were open at the first look are over at
  /// the next, and then all that had committed by the first one is in the window.
  ///
  /// - Returns: the last window, and when the file is complete as of, once that is in it.
  func look(
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
  /// - Returns: how many came; nil where they were cut short.
  func catchUpEvents(
    with window: TrailWindow, _ reader: TrailReader, _ file: AuditFile,
    until deadline: ContinuousClock.Instant?
  ) async throws -> Int? {
    let size = settings.pageSize
    var count = 0
    while true {
      let page: [MirroredEvent] = try await reader.page(
        after: file.summary.events.position, of: window, limit: size)
      let isEnd = page.count < size
      if !isEnd { health.note(.catchingUp) }
      if !page.isEmpty { try await confirm(window, reader) }
      let isWaiting = try await file.isWaitingForEvents
      if isWaiting || !page.isEmpty {
        try await file.append(page, of: window, endsWindow: isEnd)
        health.note(file.summary, newEvents: page.count)
      }
      count += page.count
      if isEnd { return count }
      if isCutShort(deadline) { return nil }
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
  /// - Returns: how many entries came; nil where they were cut short.
  func catchUp(
    with window: TrailWindow, _ reader: TrailReader, _ file: AuditFile, newEvents: Int,
    until deadline: ContinuousClock.Instant?
  ) async throws -> Int? {
    let size = settings.pageSize
    var page: [MirroredEntry] = try await reader.page(
      after: file.summary.entries.position, of: window, limit: size)
    if page.isEmpty {
      // Nothing to write, but for what was waited for, a new epoch, or the first moment of completeness.
      let isOld = file.summary.ledger.epoch != window.ledger.epoch
      if isOld { try await confirm(window, reader) }
      var isNews = isOld || newEvents > 0 || file.summary.completeAsOf == nil
      if !isNews { isNews = try await file.isWaiting }
      if isNews { try await file.append([], of: window, commits: true, endsWindow: true) }
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
        if isCutShort { return nil }
        if isEnd { return count }
        page = try await ahead
      }
    } catch {
      // A session that is lost takes nothing with it that has come.
      if error is PostgresError { try? await file.commit() }
      throw error
    }
  }
}
