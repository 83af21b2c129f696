import GRDB

/// A table or a view of a file, a trigger, or a unique index, as its schema defines it.
///
/// With every row as it was, another view under one of our names shows something else, and a trigger on one of
/// our tables writes it. A unique index on one of them refuses rows that are to come. Other indexes, and tables
/// and views of other names, change nothing of ours: anybody may add some.
struct FileDefinition: Hashable {
  private let type: String
  private let name: String
  private let table: String
  /// Line by line, in bytes: texts that are equal to a reader are two to SQLite.
  private let code: [[UInt8]]

  private init(_ row: Row) {
    // As SQLite compares names, in which the letters' case does not count.
    let (name, table): (String, String) = (row["name"], row["tbl_name"])
    (type, self.name, self.table) = (row["type"], name.lowercased(), table.lowercased())
    code = FileDefinition.code(row["sql"] ?? "")
  }

  /// The index of an export.
  private static let budgetIndex = FileDefinition(
    type: "index", name: "audit_entries_budget", table: MirroredEntry.table,
    code: code(AuditFileSchema.budgetIndex))

  private init(type: String, name: String, table: String, code: [[UInt8]]) {
    (self.type, self.name, self.table, self.code) = (type, name, table, code)
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

  /// What stands where a table of ours was, a view say: to read it may never end.
  static func disguise(_ db: Database) throws -> String? {
    let known = try made.get()
    let tables = Set(known.filter { $0.type == "table" }.map(\.name))
    return try all(db).subtracting(known).filter { tables.contains($0.name) }
      .min { $0.name < $1.name }.map(\.changed)
  }

  private var changed: String { "its \(type) \(name) is not as it was made" }

  /// What is not as a program of ours has made it.
  static func problem(_ db: Database) throws -> String? {
    let found = try all(db)
    let known = try made.get()
    let names = Set(known.map(\.name))
    let strangers = found.subtracting(known).subtracting([budgetIndex])
      .sorted { $0.name < $1.name }
    if let stranger = strangers.first(where: { names.contains($0.name) }) {
      return stranger.changed
    }
    if let trigger = strangers.first(where: { $0.type == "trigger" && names.contains($0.table) }) {
      return "its \(trigger.table) has a trigger that is none of ours, \(trigger.name): drop it"
    }
    return names.subtracting(found.map(\.name)).min().map { "it has no \($0) any more" }
  }

  /// What may refuse rows that are to come. It changes nothing for who only reads.
  static func obstacle(_ db: Database) throws -> String? {
    let tables = [MirroredEntry.table, MirroredEvent.table]
    return try all(db).subtracting([budgetIndex]).filter {
      $0.type == "index" && tables.contains($0.table)
    }.min { $0.name < $1.name }.map {
      "its \($0.table) has a unique index that is none of ours, \($0.name): drop it"
    }
  }

  private static func all(_ db: Database) throws -> Set<FileDefinition> {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT type, name, tbl_name, sql FROM sqlite_master
        WHERE type <> 'index'
           OR name IN (SELECT name FROM pragma_index_list(tbl_name)
                       WHERE "unique" AND origin = 'c')
        """)
    return Set(rows.map(FileDefinition.init))
  }

  /// As this program makes them.
  private static let made = Result {
    try DatabaseQueue().write { db in
      try db.execute(sql: AuditFileSchema.script)
      return try all(db)
    }
  }
}
