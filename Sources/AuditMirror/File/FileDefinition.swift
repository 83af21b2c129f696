import GRDB

/// A table or a view of a file, or a trigger, as its schema defines it.
///
/// With every row as it was, another view shows something else, and a trigger writes it. Indexes change nothing
/// of what is read, and anybody may add some.
struct FileDefinition: Hashable {
  private let type: String
  private let name: String
  private let table: String
  /// Line by line, in bytes: texts that are equal to a reader are two to SQLite.
  private let code: [[UInt8]]

  private init(_ row: Row) {
    (type, name, table) = (row["type"], row["name"], row["tbl_name"])
    code = FileDefinition.code(row["sql"] ?? "")
  }

  /// A definition without its comments, which were not always the same. No text within ours goes over the
  /// end of a line, so nothing is taken for a comment that is none.
  private static func code(_ sql: String) -> [[UInt8]] {
    sql.utf8.split(separator: UInt8(ascii: "\n")).map { line in
      var code = Array(line[..<(line.firstRange(of: "--".utf8)?.lowerBound ?? line.endIndex)])
      while code.last == UInt8(ascii: " ") { code.removeLast() }
      return code
    }
  }

  /// What is not as a program of ours has made it.
  static func problem(_ db: Database) throws -> String? {
    let found = try all(db)
    let known = try AuditFileSchema.scripts(of: AuditFile.format(of: db)).reduce(into: Set()) {
      $0.formUnion(try made(by: $1))
    }
    let names = Set(known.map(\.name))
    if let stranger = found.subtracting(known).min(by: { $0.name < $1.name }) {
      return names.contains(stranger.name)
        ? "its \(stranger.type) \(stranger.name) is not as it was made"
        : "it has a \(stranger.type) that is none of ours, \(stranger.name): drop it"
    }
    return names.subtracting(found.map(\.name)).min().map { "it has no \($0) any more" }
  }

  private static func all(_ db: Database) throws -> Set<FileDefinition> {
    let rows = try Row.fetchAll(
      db,
      // ANALYZE keeps figures for the planner.
      sql: """
        SELECT type, name, tbl_name, sql FROM sqlite_master
        WHERE type <> 'index' AND (type, name) NOT IN (VALUES ('table', 'sqlite_stat1'),
                                                              ('table', 'sqlite_stat4'))
        """)
    return Set(rows.map(FileDefinition.init))
  }

  private static func made(by script: String) throws -> Set<FileDefinition> {
    try DatabaseQueue().write { db in
      try db.execute(sql: script)
      return try all(db)
    }
  }
}
