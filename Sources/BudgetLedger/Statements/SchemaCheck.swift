import LibPQ
import TrustBudget

/// Whether a session leads to a ledger that this program can work on.
enum SchemaCheck {
  /// - Throws: `SchemaProblem` when the schema is missing or of another version.
  static func ledgerIdentity(on session: PostgresSession) throws -> LedgerIdentity {
    guard try session.execute(FindHistoryTable()).first == true else {
      throw SchemaProblem.missing
    }
    let newest = try session.execute(ReadNewestVersion()).first ?? nil
    let known = Migrations.embedded.last?.version ?? 0
    guard let newest, newest >= known else {
      throw SchemaProblem.old(found: newest ?? 0, needed: known)
    }
    guard newest == known else { throw SchemaProblem.new(found: newest, known: known) }
    guard let ledger = try session.execute(ReadLedger()).first else {
      throw SchemaProblem.withoutLedger
    }
    return ledger
  }
}

/// Why a database cannot be worked on, and what to do about it.
package enum SchemaProblem: Error, Hashable, Sendable, CustomStringConvertible {
  case missing
  case old(found: Int64, needed: Int64)
  case new(found: Int64, known: Int64)
  case withoutLedger

  package var description: String {
    switch self {
    case .missing:
      "the database has no schema trust_budget yet; run: trust-budget migrate up"
    case .old(let found, let needed):
      "the schema is at version \(found) and this program needs \(needed); "
        + "run: trust-budget migrate up"
    case .new(let found, let known):
      "the schema is at version \(found) and this program knows \(known); upgrade the program"
    case .withoutLedger:
      "the table trust_budget.ledger is empty; restore the database from a backup"
    }
  }
}

struct FindHistoryTable: PostgresStatement {
  static let name: String? = nil
  static let sql = "SELECT to_regclass('trust_budget.schema_migrations') IS NOT NULL"
  static func decode(_ row: inout PostgresRow) throws -> Bool { try row.next(Bool.self) }
}

struct ReadNewestVersion: PostgresStatement {
  static let name: String? = nil
  static let sql = "SELECT max(version) FROM trust_budget.schema_migrations"
  static func decode(_ row: inout PostgresRow) throws -> Int64? { try row.next(Int64?.self) }
}

struct ReadLedger: PostgresStatement {
  static let name: String? = nil
  static let sql = "SELECT id::text, epoch FROM trust_budget.ledger"
  static func decode(_ row: inout PostgresRow) throws -> LedgerIdentity {
    LedgerIdentity(id: try row.next(String.self), epoch: try row.next(Int64.self))
  }
}
