import Allocator
import GRDB

/// How much of the file SQLite keeps in memory.
///
/// Catching up comes back to many pages, and is over soon. What follows needs few, beside a node that
/// needs its memory for its callers.
struct PageCache {
  private enum Size: Int {
    /// In KiB.
    case small = 4_096
    case large = 16_384
  }

  private var size = Size.small
  /// Windows of more are a backlog, and no load that is followed.
  private static let fewPages = 16
  /// Pages of the window so far.
  private var pages = 0

  /// How a session begins.
  static let pragma = PageCache.pragma(.small)

  /// Counts a page of a window, and grows where there are many.
  mutating func addPage(_ db: Database) throws {
    pages += 1
    if pages > PageCache.fewPages { try become(.large, db) }
  }

  /// Shrinks after a window of a few pages, or none.
  mutating func endWindow(_ db: Database) throws {
    defer { pages = 0 }
    guard pages <= PageCache.fewPages, size == .large else { return }
    try become(.small, db)
    Allocator.giveBack()
  }

  private mutating func become(_ size: Size, _ db: Database) throws {
    guard size != self.size else { return }
    self.size = size
    try db.execute(sql: PageCache.pragma(size))
  }

  private static func pragma(_ size: Size) -> String { "PRAGMA cache_size = -\(size.rawValue)" }
}
