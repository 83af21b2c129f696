/// Something in a database that is not as the migrations made it.
package enum CatalogueDifference: Hashable, Sendable, CustomStringConvertible {
  case missing(CatalogueObject)
  case changed(expected: CatalogueObject, found: CatalogueObject)
  case unexpected(CatalogueObject)

  package var description: String {
    switch self {
    case .missing(let object):
      "\(object.kind) \(object.name) is missing"
    case .changed(let expected, let found):
      "\(found.kind) \(found.name) is changed: it is \"\(found.definition)\", "
        + "and the migrations make \"\(expected.definition)\""
    case .unexpected(let object):
      "\(object.kind) \(object.name) is not from a migration: \"\(object.definition)\""
    }
  }
}

extension Catalogue {
  /// What of `live` is not as in this catalogue, in the order of kinds and names.
  ///
  /// A DBA's own views, and his indexes that are not unique, change nothing and are let pass.
  package func differences(from live: Catalogue) -> [CatalogueDifference] {
    let expected = keyed()
    let found = live.keyed()
    let missingTables = expected.keys.filter { $0.isWhole && found[$0] == nil }.map(\.name)
    let newTables = found.keys.filter { $0.isWhole && expected[$0] == nil }.map(\.name)
    var differences: [CatalogueDifference] = []
    for key in Set(expected.keys).union(found.keys).sorted() {
      switch (expected[key], found[key]) {
      case (let expected?, let found?):
        if expected.comparable != found.comparable {
          differences.append(.changed(expected: expected, found: found))
        }
      case (let expected?, nil):
        // A table that is gone takes everything of it along; once is enough.
        if !missingTables.contains(where: { key.belongs(to: $0) }) {
          differences.append(.missing(expected))
        }
      case (nil, let found?):
        let isTolerated =
          found.kind == "view" || found.kind == "index" && !found.definition.contains(" UNIQUE ")
        if !isTolerated, !newTables.contains(where: { key.belongs(to: $0) }) {
          differences.append(.unexpected(found))
        }
      case (nil, nil): break
      }
    }
    return differences
  }

  private func keyed() -> [Key: CatalogueObject] {
    Dictionary(
      objects.map { (Key(kind: $0.kind, name: $0.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  private struct Key: Hashable, Comparable {
    let kind: String
    let name: String

    /// Whether other objects belong to it.
    var isWhole: Bool { kind == "table" || kind == "view" }

    func belongs(to table: String) -> Bool { name.hasPrefix(table + ".") }

    static func < (one: Key, other: Key) -> Bool {
      (one.kind, one.name) < (other.kind, other.name)
    }
  }
}
