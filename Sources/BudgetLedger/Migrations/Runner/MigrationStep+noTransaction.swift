import LibPQ

// CREATE INDEX CONCURRENTLY and its like: PostgreSQL commits on the way, so that the history cannot
// be part of the same transaction. It says "begun" first, and "done" last. What is found begun was
// interrupted: an index that it left unfinished is invalid, is removed, and is built anew.

extension MigrationStep {
  func applyOutsideTransaction(wasBegun: Bool) async throws {
    if !wasBegun {
      try await connection.run { session in
        _ = try session.execute(RecordMigration(migration: migration, isDone: false))
      }
    }
    do {
      try await runStatement(wasBegun: wasBegun)
    } catch {
      guard await clearUp() else { throw (error as? MigrationError)?.leavingBegun ?? error }
      throw error
    }
    try await connection.run { session in
      // Both or neither: a pipeline is one transaction.
      _ = try session.pipeline(
        FinishMigration(version: migration.version),
        RecordEvent(action: .applied, migration: migration, new: migration.checksum))
    }
  }

  private func runStatement(wasBegun: Bool) async throws {
    try await retrying { session in
      try dropInvalidIndexes(on: session)
      // While it waits for old transactions to end it holds up nobody but other changes of the same
      // table, so it may wait for as long as there is time.
      try session.setLockTimeout(max(deadline - .now, .milliseconds(1)))
      defer { try? session.setLockTimeout(lockTimeout) }
      do {
        // Not as a script: this way PostgreSQL itself refuses more than one statement.
        try session.query(migration.up)
      } catch let error as PostgresError
        where error.sqlState == .duplicateTable && wasBegun
      {
        // The runner before this one was gone when its statement came to its end.
      }
    }
  }

  private func dropInvalidIndexes(on session: PostgresSession) throws {
    for index in try session.execute(FindInvalidIndexes()) where mentions(index.name) {
      // The name was quoted by the server.
      try session.query("DROP INDEX CONCURRENTLY IF EXISTS \(index.quotedName)")
      progress(.removedInvalidIndex(name: index.name))
    }
  }

  /// Whether the migration names it: another index may be invalid because a DBA is building it.
  private func mentions(_ name: String) -> Bool {
    migration.up.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
      .contains { $0 == name }
  }

  /// Takes back what a failed try has left, once: whoever holds up a build holds up its removal too.
  ///
  /// - Returns: whether nothing is left. Otherwise the history goes on saying that it was begun.
  private func clearUp() async -> Bool {
    do {
      try await connection.run(onTaskCancellation: .ignore) { session in
        try dropInvalidIndexes(on: session)
        _ = try session.execute(RemoveMigration(version: migration.version))
      }
      return true
    } catch {
      return false
    }
  }
}

extension PostgresSession {
  func setLockTimeout(_ timeout: Duration) throws {
    let milliseconds = timeout / .milliseconds(1)
    try query("SET lock_timeout = '\(Int64(milliseconds.rounded(.up)))ms'")
  }
}

struct FindInvalidIndexes: PostgresStatement {
  struct Index: Sendable {
    let name: String
    let quotedName: String
  }

  static let sql = """
    SELECT c.relname::text, format('%I.%I', 'trust_budget', c.relname)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE NOT i.indisvalid AND c.relnamespace = to_regnamespace('trust_budget')
    """

  static func decode(_ row: inout PostgresRow) throws -> Index {
    Index(name: try row.next(String.self), quotedName: try row.next(String.self))
  }
}
