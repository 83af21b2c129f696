import LibPQ

/// READ COMMITTED, named outright: each statement after the locks must see what was committed while
/// it waited for them, whatever the server's default is.
struct BeginTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "begin"
  static let sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
}

struct CommitTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "commit"
  static let sql = "COMMIT"
}

struct RollbackTransaction: PostgresStatement {
  typealias Row = Void
  static let name: String? = "rollback"
  static let sql = "ROLLBACK"
}
