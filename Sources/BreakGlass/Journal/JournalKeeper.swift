import ClaimedFile
import Foundation
import Logging
import Synchronization
import TrustBudget

/// Keeps a node's journal open: opens it when it is first needed, again after a failure, and begins
/// another one where the old one cannot be used.
final class JournalKeeper: Sendable {
  let path: String
  private let node: String
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var journal: BreakGlassJournal?
    var problem: JournalProblem?
    var removed: [Removed] = []
  }

  private struct Removed {
    let journal: BreakGlassJournal
    /// Where it was saved, if it was.
    var copy: String?
  }

  init(path: String, node: String, now: @escaping @Sendable () -> Timestamp, logger: Logger) {
    self.path = path
    self.node = node
    self.now = now
    self.logger = logger
  }

  /// The journal in use; nil while there is none.
  var current: BreakGlassJournal? { state.withLock { $0.journal } }

  /// Journals whose files were removed while they were in use: what is in them can still be sent.
  var removed: [BreakGlassJournal] { state.withLock { $0.removed.map(\.journal) } }

  /// Closes what is open: whoever copies the file afterwards has all of it. What was removed, and could not
  /// be saved then, is saved if it can be now.
  func close() {
    for journal in removed {
      saveWhatIsUnforwarded(journal)
      journal.close()
    }
    current?.close()
  }

  /// Lets a journal go, if it is one of those that were removed.
  ///
  /// - Returns: where it was saved, if it was.
  @discardableResult
  func forget(_ journal: BreakGlassJournal) -> String? {
    state.withLock { state in
      guard let index = state.removed.firstIndex(where: { $0.journal === journal }) else {
        return nil
      }
      return state.removed.remove(at: index).copy
    }
  }

  /// Copies a journal that was removed to where somebody finds it, unless that was done.
  ///
  /// - Returns: whether there is a copy.
  @discardableResult
  func save(_ journal: BreakGlassJournal) -> Bool {
    let isSaved = state.withLock { state in
      state.removed.contains { $0.journal === journal && $0.copy != nil }
    }
    guard !isSaved else { return true }
    let copy: String
    do {
      copy = try journal.copy(to: "\(path).removed-\(journal.journalID)")
    } catch {
      logger.critical(
        "break-glass journal that was removed cannot be saved; its events are in this process alone",
        metadata: ["journal": "\(journal.journalID)", "problem": "\(error)"])
      return false
    }
    state.withLock { state in
      guard let index = state.removed.firstIndex(where: { $0.journal === journal }) else { return }
      state.removed[index].copy = copy
    }
    logger.critical(
      """
      break-glass journal was removed, and was saved. Events that have not reached PostgreSQL are sent \
      from this process; if it ends before, they are in the copy alone: keep it
      """,
      metadata: [
        "saved": "\(copy)", "events": "\(journal.sequence)",
        "in_postgresql": "\(journal.forwardedThrough)",
      ])
    return true
  }

  private func saveWhatIsUnforwarded(_ journal: BreakGlassJournal) {
    if journal.sequence > journal.forwardedThrough { save(journal) }
  }

  /// Why there is none, or why the last attempt to write failed.
  var problem: JournalProblem? { state.withLock { $0.problem } }

  /// Whether one was asked for, none is open, and to look again does no harm: of a damaged one, where a failing
  /// disk damages its successor as well, each look sets one more aside.
  var isWorthAnotherLook: Bool {
    state.withLock { state in
      if case .corrupt = state.problem { return false }
      return state.journal == nil && state.problem != nil
    }
  }

  /// The journal in use, or the one that can be opened now.
  ///
  /// Only on the disk's thread, one call at a time.
  func opened() throws(JournalProblem) -> BreakGlassJournal {
    if let journal = current { return journal }
    do {
      let journal = try open()
      note(journal)
      logger.info(
        "break-glass journal opened",
        metadata: ["path": "\(path)", "journal": "\(journal.journalID)"])
      return journal
    } catch {
      note(error)
      throw error
    }
  }

  /// Notes that the journal took what it was given.
  func note(_ journal: BreakGlassJournal) {
    let recovered = state.withLock { state in
      defer {
        state.journal = journal
        state.problem = nil
      }
      return state.problem != nil
    }
    if recovered {
      logger.notice("break-glass journal can be written again", metadata: ["path": "\(path)"])
    }
  }

  /// Notes why the journal failed. One that is only full stays open; any other is opened anew by the
  /// next attempt.
  func note(_ problem: JournalProblem) {
    let (isNew, vanished) = state.withLock { state -> (Bool, BreakGlassJournal?) in
      defer { state.problem = problem }
      let isNew = state.problem != problem
      if case .unwritable = problem { return (isNew, nil) }
      defer { state.journal = nil }
      guard case .vanished = problem, let journal = state.journal else { return (isNew, nil) }
      state.removed.append(Removed(journal: journal))
      return (isNew, journal)
    }
    // Whoever asks how things are does not wait for this.
    if let vanished {
      // Where its log alone is gone, all of that goes into the file, which is then opened anew.
      if vanished.hasItsFile, vanished.closeWithAllOfItsLog() {
        forget(vanished)
      } else {
        // Before anybody is answered: however the process ends, what PostgreSQL lacks is in a file.
        saveWhatIsUnforwarded(vanished)
        release(vanished)
      }
    }
    guard isNew else { return }
    if case .vanished = problem {
      logger.error(
        "break-glass journal is opened anew",
        metadata: ["path": "\(path)", "problem": "\(problem)"])
      return
    }
    logger.error(
      "break-glass journal cannot be written; PostgreSQL alone records events until it can",
      metadata: ["path": "\(path)", "problem": "\(problem)"])
  }

  /// Gets a journal out of the way whose file, or log, is gone.
  private func release(_ journal: BreakGlassJournal) {
    do {
      guard let target = try journal.release(movingTo: "incomplete-\(now().fileNameText)") else {
        return
      }
      logger.critical(
        """
        break-glass journal whose log was removed is set aside and a new one begun. Events that had not \
        reached PostgreSQL are sent from this process
        """, metadata: ["set_aside": "\(target)"])
    } catch {
      logger.critical(
        "break-glass journal whose log was removed cannot be set aside",
        metadata: ["path": "\(path)", "problem": "\(error)"])
    }
  }

  private func open() throws(JournalProblem) -> BreakGlassJournal {
    let file = try ClaimedFile.forJournal(path, holder: "process \(getpid()), node \(node)")
    do {
      return try BreakGlassJournal(file)
    } catch .foreign(let reason) {
      file.abandon()
      throw .foreign(reason)
    } catch .corrupt(let reason) {
      // Nobody's to move: not the next time either.
      guard file.isOne(of: .breakGlassJournal) else {
        file.abandon()
        throw .foreign("\(reason). Name another file, or move it away")
      }
      let target: String
      do {
        target = try file.setAside(as: "corrupt-\(now().fileNameText)")
      } catch {
        throw JournalProblem(error, path: path)
      }
      logger.critical(
        """
        break-glass journal is damaged or was changed; it is set aside and a new one begun. \
        Events that had not reached PostgreSQL are in it alone: keep it
        """, metadata: ["set_aside": "\(target)", "problem": "\(reason)"])
      return try BreakGlassJournal(file)
    }
  }
}
