import LibPQ
import TrustBudget

/// The tables in which a database keeps what was done to its schema, and what they mean.
enum MigrationHistory {
  /// Reads the history, and makes its tables in a database that has none.
  static func open(on session: PostgresSession) throws -> [AppliedMigration] {
    if try !session.executeOne(FindHistoryTable()) {
      try session.executeScript(try creation(on: session))
    }
    return try read(on: session)
  }

  /// Reads the history, and changes nothing.
  static func read(on session: PostgresSession) throws -> [AppliedMigration] {
    guard try session.executeOne(FindHistoryTable()) else { return [] }
    try SchemaOwner.check(on: session, isMigrating: true)
    return try session.execute(ReadHistory())
  }

  /// The statements that make the tables. A DBA may have made the schema beforehand, for an owner
  /// who may make none.
  static func creation(on session: PostgresSession) throws -> String {
    let hasSchema = try session.executeOne(FindSchema())
    if hasSchema { try SchemaOwner.check(on: session, isMigrating: true) }
    return (hasSchema ? "" : schemaCreation) + tableCreation
  }

  /// Compares history and files.
  ///
  /// - Returns: the migrations that are still to be applied, in order; first one that was begun and
  ///   is not finished.
  /// - Throws: the first of `problems`.
  static func pending(
    applied: [AppliedMigration], files: [Migration]
  ) throws(MigrationError) -> [Migration] {
    if let problem = problems(applied: applied, files: files).first { throw problem }
    return Array(files.dropFirst(applied.count { $0.appliedAt != nil }))
  }

  /// Where history and files do not agree.
  ///
  /// Migrations that the files do not have yet are none when those say that programs of this age
  /// can go on.
  static func problems(applied: [AppliedMigration], files: [Migration]) -> [MigrationError] {
    let known = Int64(files.count)
    var problems: [MigrationError] = []
    for (index, migration) in applied.enumerated() {
      let expected = Int64(index + 1)
      guard migration.version == expected else { return problems + [.gap(missing: expected)] }
      guard index < files.count else {
        if migration.compatibleWith > known {
          problems.append(
            .unknownVersion(migration.version, name: migration.name, known: known))
        }
        continue
      }
      let file = files[index]
      let isSameName = file.name == migration.name
      let isSameText = file.checksum == migration.checksum
      if !isSameName && !isSameText {
        problems.append(.renumbered(applied: migration.label, file: file.label))
      } else if !isSameName || !isSameText {
        problems.append(.changed(label: file.label))
      }
    }
    return problems
  }
}
