import BudgetLedger
import Logging
import Synchronization
import TrustBudget

/// Brings the journal's events to PostgreSQL, each exactly once.
///
/// It keeps no account of what it has sent. PostgreSQL is asked which event of the journal is its
/// newest, and gets those that follow: so a node may be killed at any moment, a COMMIT's answer may
/// be lost, and a failover that forgot events makes them be sent again.
actor BreakGlassForwarder {
  /// The most events in one transaction.
  private static let batchSize = 256
  /// How often PostgreSQL is asked when there is nothing to send.
  private static let interval: Duration = .seconds(30)
  private static let longestPause: Duration = .seconds(2)

  /// What stands in the way.
  enum Obstacle: Hashable, Sendable {
    case unavailable(String)
    case forked(BreakGlassFork)
  }

  private let keeper: JournalKeeper
  private let disk: JournalDisk
  private let trail: BreakGlassTrail
  private let logger: Logger
  private let noted = Mutex<Obstacle?>(nil)
  private var due = ContinuousClock.now
  private var pause: Duration = .zero

  init(keeper: JournalKeeper, disk: JournalDisk, trail: BreakGlassTrail, logger: Logger) {
    self.keeper = keeper
    self.disk = disk
    self.trail = trail
    self.logger = logger
  }

  nonisolated var obstacle: Obstacle? { noted.withLock { $0 } }

  /// Sends what there is to send, if there is anything and it is time.
  ///
  /// - Parameter isLast: to try once more, whatever the pause.
  func forward(isLast: Bool = false) async {
    let removed = keeper.removed
    // What is in the way of one must not be in the way of another: first the journal in use.
    let journals = [keeper.current].compactMap(\.self) + removed
    let isBehind = journals.contains { $0.sequence > $0.forwardedThrough }
    let isDue = pause == .zero ? isBehind || .now >= due : .now >= due
    guard !journals.isEmpty, isLast ? isBehind : isDue else { return }
    var obstacle: Obstacle?
    var isSilent = false
    for journal in journals {
      // As of the beginning: until then, the journal in use may have got more.
      let isRemoved = removed.contains { $0 === journal }
      do {
        try await send(journal)
        if isRemoved, let copy = keeper.forget(journal) {
          logger.notice(
            "break-glass journal that was removed reached PostgreSQL; its copy is not needed any more",
            metadata: ["saved": "\(copy)"])
        }
      } catch JournalProblem.vanished {
        // It was closed meanwhile, and what is in it is in its successor, or with those that were removed.
      } catch JournalProblem.silent {
        isSilent = true
      } catch let fork as BreakGlassFork where isRemoved {
        if await !giveUp(journal, because: fork) { obstacle = obstacle ?? .forked(fork) }
      } catch let fork as BreakGlassFork {
        obstacle = obstacle ?? .forked(fork)
      } catch {
        obstacle = obstacle ?? .unavailable(error.ledgerReason)
      }
    }
    // Whoever is told to stop in the middle has met no obstacle; and the disk says itself that it hangs.
    guard isLast || !Task.isCancelled, !isSilent else { return }
    pause =
      switch obstacle {
      case nil: .zero
      case .forked: Self.interval
      case .unavailable: min(max(pause * 2, .milliseconds(100)), Self.longestPause)
      }
    due = .now + (obstacle == nil ? Self.interval : pause)
    note(obstacle)
  }

  func close() async {
    await trail.close()
  }

  private func send(_ journal: BreakGlassJournal) async throws {
    var head = try await trail.head(of: journal.journalID)
    try await check(head, against: journal)
    if head.sequence < journal.forwardedThrough {
      logger.critical(
        "break-glass events are gone from PostgreSQL; they are sent again from the journal",
        metadata: [
          "journal": "\(journal.journalID)", "after": "\(head.sequence)",
          "through": "\(journal.forwardedThrough)",
        ])
    }
    await note(head, in: journal)
    while true {
      let events = try await events(of: journal, after: head.sequence, limit: Self.batchSize)
      guard let last = events.last else { return }
      try await trail.append(events)
      head = BreakGlassChain(
        journalID: journal.journalID, sequence: last.sequence, hash: last.hash)
      await note(head, in: journal)
    }
  }

  private func events(
    of journal: BreakGlassJournal, after sequence: Int64, limit: Int
  ) async throws -> [BreakGlassEvent] {
    try await disk.perform { try await journal.events(after: sequence, limit: limit) }
  }

  private func note(_ head: BreakGlassChain, in journal: BreakGlassJournal) async {
    try? await disk.perform { await journal.noteForwarded(through: head.sequence) }
  }

  /// Lets a journal go that was removed, and that PostgreSQL cannot have, once there is a copy of it.
  ///
  /// - Returns: whether there is.
  private func giveUp(_ journal: BreakGlassJournal, because fork: BreakGlassFork) async -> Bool {
    let keeper = keeper
    guard (try? await disk.perform { keeper.save(journal) }) == true else { return false }
    let copy = keeper.forget(journal)
    logger.critical(
      """
      break-glass journal that was removed and PostgreSQL disagree. Events that had not reached it are in \
      the copy alone: keep it
      """,
      metadata: ["saved": "\(copy ?? "")", "problem": "\(fork)"])
    return true
  }

  /// PostgreSQL's newest event of the journal must be in the journal, to the letter.
  private func check(
    _ head: BreakGlassChain, against journal: BreakGlassJournal
  ) async throws {
    guard head.sequence > 0 else { return }
    let own = try await events(of: journal, after: head.sequence - 1, limit: 1).first
    guard own?.hash == head.hash else {
      throw BreakGlassFork(journalID: journal.journalID, sequence: head.sequence)
    }
  }

  private func note(_ obstacle: Obstacle?) {
    let before = noted.withLock { noted in
      defer { noted = obstacle }
      return noted
    }
    guard before != obstacle else { return }
    switch obstacle {
    case nil: logger.notice("break-glass events reach PostgreSQL")
    case .unavailable(let reason):
      logger.warning(
        "break-glass events wait for PostgreSQL", metadata: ["reason": "\(reason)"])
    case .forked(let fork):
      logger.critical(
        """
        break-glass journal and PostgreSQL disagree: the journal was copied or restored, or one of \
        the two rewritten. Keep the file. To go on: stop the node, move the file away, start it
        """,
        metadata: ["journal": "\(fork.journalID)", "event": "\(fork.sequence)"])
    }
  }
}
