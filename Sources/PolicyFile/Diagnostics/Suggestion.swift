/// Guesses what was meant by a word that is not one of those known.
package enum Suggestion {
  /// The nearest of `known`, if it is near enough that nothing else was likely meant.
  package static func nearest(to word: String, among known: [String]) -> String? {
    // Far longer than any word known here; the distance takes a time of its square.
    guard word.utf8.count <= 40 else { return nil }
    let nearest =
      known
      .map { (distance: distance(word.lowercased(), $0), candidate: $0) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, nearest.candidate.count / 3) else { return nil }
    return nearest.candidate
  }

  /// How many characters must be added, removed or replaced to make one of the other: Levenshtein's
  /// distance, a row of his table at a time.
  static func distance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let replaced = diagonal + (character == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
