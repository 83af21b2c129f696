import Foundation
import GRDB
import TrustBudget

// How a file is opened: what it must be, and what it is made into where there is none.

extension AuditFile {
  static func configuration(isLive: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { db in
      // Before anything is set: what belongs to somebody else stays as it is.
      try refuseForeign(db)
      if isLive { try refuseParts(db) }
      // A node sorts in memory: it is little, and the file's directory may be all that it can write to.
      try db.execute(
        sql: isLive
          ? """
          PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864;
          PRAGMA temp_store = MEMORY
          """
          : "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF")
    }
    return configuration
  }

  private static func isEmpty(_ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
  }

  private static func refuseForeign(_ db: Database) throws {
    if try !isEmpty(db) { try checkFormat(db) }
  }

  /// The chains of a part of the trail could not be verified, and it would never be whole.
  private static func refuseParts(_ db: Database) throws {
    guard try !isEmpty(db) else { return }
    // Before anything is read: under the name of a table there may be what never ends.
    try checkDefinitions(db)
    try FileSummary.requireOneRow(db)
    guard
      let filter = try String.fetchOne(db, sql: "SELECT filter FROM meta WHERE filter <> ''")
    else { return }
    throw AuditFileError.foreign(
      "it is an export of a part of the trail (\(filter)), and a node's file holds all of it")
  }

  static func recogniseOrCreate(
    ledger: LedgerIdentity, filter: String?, _ db: Database
  ) throws -> FileSummary {
    if try isEmpty(db) {
      try db.inTransaction(.immediate) {
        try FileSummary.create(ledger: ledger, filter: filter, db)
        return .commit
      }
      // Out of the log: whoever copies the file without it has one that says what it is.
      try db.execute(sql: "PRAGMA wal_checkpoint")
    }
    return try FileSummary(db)
  }

  /// - Throws: `MirrorRefusal.redefined`.
  static func checkDefinitions(_ db: Database) throws {
    if let problem = try FileDefinition.problem(db) ?? FileDefinition.obstacle(db) {
      throw MirrorRefusal.redefined(problem)
    }
  }

  /// - Throws: `AuditFileError.foreign`.
  static func checkFormat(_ db: Database) throws {
    guard try !isEmpty(db) else {
      throw AuditFileError.foreign(
        "it is empty. If it is a copy of a node's file, what that holds was in its log, the -wal beside "
          + "it: take an export")
    }
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if let problem = AuditFileError(applicationID: application, format: version) { throw problem }
    // SQLite would repair what is no text on its way to UTF-8, and so hide it.
    let encoding = try String.fetchOne(db, sql: "PRAGMA encoding") ?? ""
    guard encoding == "UTF-8" else {
      throw AuditFileError.foreign("its texts are \(encoding), and must be UTF-8")
    }
  }
}
