/// What a schema consists of: tables, columns, constraints, indexes, triggers, functions, views.
///
/// The one that the migrations make of an empty database is kept beside them, in
/// `migrations/catalogue.txt`, one line an object; a test makes it anew and compares, so that it
/// cannot go stale.
package struct Catalogue: Hashable, Sendable {
  package var objects: [CatalogueObject]

  package init(objects: [CatalogueObject]) {
    self.objects = objects
  }

  /// Reads what `text` writes; lines that begin with `#` are comments.
  ///
  /// - Returns: nil for text of another form.
  package init?(_ text: String) {
    objects = []
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let object = CatalogueObject(line) else { return nil }
      objects.append(object)
    }
  }

  package var text: String {
    Catalogue.preamble + objects.map { "\($0)\n" }.sorted().joined()
  }

  private static let preamble = """
    # What the migrations make of an empty database: `trust-budget migrate verify` compares a live
    # one with this. Written by `trust-budget migrate catalogue`; a test checks that it is up to date.

    """

  /// What the migrations compiled into this program make.
  package static let embedded: Catalogue? =
    embeddedMigrationFiles
    .first { $0.name == "catalogue.txt" }
    .flatMap { Catalogue($0.text) }
}

/// One object of a schema.
package struct CatalogueObject: Hashable, Sendable, CustomStringConvertible {
  /// `schema`, `table`, `column`, `child`, `constraint`, `index`, `trigger`, `function`, `view`, `rule` or `policy`.
  package let kind: String
  /// Without the schema before it; with its table, where it belongs to one.
  package let name: String
  package let definition: String

  package init(kind: String, name: String, definition: String) {
    self.kind = kind
    self.name = name
    self.definition = definition
  }

  init?(_ line: Substring) {
    guard let space = line.firstIndex(of: " "), let colon = line.firstRange(of: ": ") else {
      return nil
    }
    self.init(
      kind: String(line[..<space]),
      name: String(line[line.index(after: space)..<colon.lowerBound]),
      definition: String(line[colon.upperBound...]))
  }

  package var description: String { "\(kind) \(name): \(definition)" }

  /// The definition without what PostgreSQL's versions print differently: parentheses, white space,
  /// and the table's name in front of a column's.
  var comparable: String {
    var words: [Substring] = []
    var rest = definition[...]
    while !rest.isEmpty {
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      rest = rest.dropFirst(word.count)
      let isQualifier = rest.first == "." && kind == "view"
      if !word.isEmpty, !isQualifier { words.append(word) }
      guard let mark = rest.first, word.isEmpty || isQualifier else { continue }
      if !mark.isWhitespace, !"().".contains(mark) { words.append(rest.prefix(1)) }
      rest = rest.dropFirst()
    }
    return words.joined(separator: " ")
  }
}
