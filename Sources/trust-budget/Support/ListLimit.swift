import ArgumentParser

/// How long a list may be that is printed at once.
enum ListLimit {
  private static let range = 1...100_000

  static func validate(_ limit: Int) throws(ValidationError) {
    guard range.contains(limit) else {
      throw ValidationError("--limit must be from 1 to \(range.upperBound)")
    }
  }

  /// Says that a list was cut off, for it looks like a whole one.
  ///
  /// - Parameter shown: what is in it: `the newest of the entries`.
  static func noteMore(_ shown: String, limit: Int) {
    let way =
      limit < range.upperBound
      ? "--limit gives more" : "a node gives all of them over HTTP, a page at a time"
    Console.error("these are \(shown) alone, \(limit) of them; \(way)")
  }
}
