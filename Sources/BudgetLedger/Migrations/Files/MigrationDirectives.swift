/// What a migration file says of itself in the comment lines that it begins with.
///
/// ```sql
/// -- compatible-with: 3
/// -- optional
/// -- no-transaction
/// ```
package struct MigrationDirectives: Hashable, Sendable {
  /// `-- no-transaction`: the file holds one statement that PostgreSQL refuses inside a transaction,
  /// `CREATE INDEX CONCURRENTLY` say.
  package private(set) var runsOutsideTransaction = false
  /// `-- compatible-with: N`: programs that know the migrations up to N can work with this one
  /// applied. nil: only programs that know it can.
  package private(set) var compatibleWith: Int64?
  /// `-- optional`: programs that know this migration also work without it.
  package private(set) var isOptional = false
  /// A directive that makes no sense.
  private(set) var problem: String?

  init(readingFrom text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("--") else { return }
      let words = line.dropFirst(2).split(whereSeparator: \.isWhitespace)
      switch words.first {
      case "no-transaction" where words.count == 1: runsOutsideTransaction = true
      case "optional" where words.count == 1: isOptional = true
      case "compatible-with:":
        compatibleWith = words.count == 2 ? Int64(words[1]) : nil
        if compatibleWith == nil {
          problem = "compatible-with needs a version, as in: -- compatible-with: 3"
        }
      default: break
      }
    }
  }
}
