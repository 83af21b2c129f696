import ClaimedFile
import GRDB
import Synchronization

/// The file of which a process has looked at every page: once, however many sessions it is followed in.
final class CheckedFile: Sendable {
  private let identity = Mutex<FileIdentity?>(nil)

  init() {}

  /// Begins to look at a file.
  ///
  /// - Returns: nil where that was done, and nothing found.
  func check(_ file: ClaimedFile) -> PageCheck? {
    let identity = file.identity
    guard identity == nil || identity != self.identity.withLock({ $0 }) else { return nil }
    return PageCheck(file.path) { self.identity.withLock { $0 = identity } }
  }
}

/// A look at every page of a file, beside the work on it: a damaged one may be such as nobody needs for
/// years, but the auditor.
///
/// On a connection of its own, which keeps nobody waiting. What it cannot look at it says nothing of.
final class PageCheck: Sendable {
  private let found = Mutex<String?>(nil)
  private let queue: DatabaseQueue?

  /// Begins to look.
  ///
  /// - Parameter onSound: called when it has come to the end, and nothing is damaged.
  init(_ path: String, onSound: @escaping @Sendable () -> Void) {
    var configuration = Configuration()
    configuration.readonly = true
    // It comes to each page once: there is nothing to be kept.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -256") }
    queue = try? DatabaseQueue(path: path, configuration: configuration)
    queue?.asyncRead { [weak self] result in
      guard let self else { return }
      let problem: String?
      do {
        problem = try String.fetchOne(try result.get(), sql: "PRAGMA quick_check(1)")
      } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
        problem = error.message ?? "a page cannot be read"
      } catch {
        return
      }
      if problem == "ok" {
        onSound()
      } else if let problem {
        self.found.withLock { $0 = problem }
      }
    }
  }

  /// What is damaged, once that has been found.
  var damage: String? { found.withLock { $0 } }

  /// Ends it, wherever it is.
  func end() {
    queue?.interrupt()
    try? queue?.close()
  }
}
