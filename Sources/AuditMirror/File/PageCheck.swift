import GRDB
import Synchronization

/// A look at every page of a file, beside the work on it: a damaged one may be such as nobody needs for
/// years, but the auditor.
///
/// On a connection of its own, which keeps nobody waiting. What it cannot look at it says nothing of.
final class PageCheck: Sendable {
  private let found = Mutex<String?>(nil)
  private let queue: DatabaseQueue?

  /// Begins to look.
  init(_ path: String) {
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
      if let problem, problem != "ok" { self.found.withLock { $0 = problem } }
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
