import GRDB

/// How much of the file SQLite keeps in memory.
///
/// Catching up comes back to many pages, and is over soon. What follows needs few, beside a node that
/// needs its memory for its callers.
struct PageCache {
  private enum Size: Int {
    /// In KiB.
    case small = 8_192
    case large = 32_768
  }

  private var size = Size.small
  private var isAmidWindow = false

  /// How a session begins.
  static let pragma = PageCache.pragma(.small)

  /// Grows while windows come in several pages, until one is whole in one page again.
  mutating func fit(_ db: Database, endsWindow: Bool) throws {
    let fitting: Size = isAmidWindow || !endsWindow ? .large : .small
    isAmidWindow = !endsWindow
    guard fitting != size else { return }
    size = fitting
    try db.execute(sql: PageCache.pragma(fitting))
  }

  private static func pragma(_ size: Size) -> String { "PRAGMA cache_size = -\(size.rawValue)" }
}
