import GRDB

/// How much of the file SQLite keeps in memory.
///
/// Catching up comes back to many pages, and is over soon. What follows needs few, beside a node that
/// needs its memory for its callers.
struct PageCache {
  private enum Size: Int {
    /// In KiB.
    case small = 4_096
    case large = 32_768
  }

  private var size = Size.small
  /// Windows of more are a backlog, and no load that is followed.
  private static let fewPages = 4
  /// Pages of the window so far.
  private var pages = 0

  /// How a session begins.
  static let pragma = PageCache.pragma(.small)

  /// Grows while windows come in many pages, until one is whole in a few again.
  mutating func fit(_ db: Database, endsWindow: Bool) throws {
    pages += 1
    let isBacklog = pages > PageCache.fewPages
    let fitting: Size = isBacklog ? .large : endsWindow ? .small : size
    if endsWindow { pages = 0 }
    guard fitting != size else { return }
    size = fitting
    try db.execute(sql: PageCache.pragma(fitting))
  }

  private static func pragma(_ size: Size) -> String { "PRAGMA cache_size = -\(size.rawValue)" }
}
