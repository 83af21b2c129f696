import LibPQ

extension Error {
  /// What to tell people of an error of the ledger's: PostgreSQL's own words, on one line, and what to
  /// do where that is known.
  package var ledgerReason: String {
    // What is unavailable is said by whoever gives the reason.
    if case .unavailable(let reason)? = self as? LedgerError { return reason }
    let words = String(describing: self).split(whereSeparator: \.isNewline).joined(separator: " ")
    return switch (self as? PostgresError)?.sqlState {
    case .undefinedTable, .undefinedSchema:
      "\(words). The schema is missing or old; run: trust-budget migrate up"
    case .invalidStatementName, .duplicatePreparedStatement:
      "\(words). A pooler seems to lend this session to others; connect to PostgreSQL itself, or have the "
        + "pooler keep sessions for as long as their clients stay (pool_mode = session)"
    // It may not connect: that is another right.
    case .insufficientPrivilege where (self as? PostgresError)?.kind == .connection: words
    case .insufficientPrivilege where words.contains("permission denied for database"):
      "\(words). To make the schema a role needs CREATE on the database; its owner runs: GRANT CREATE ON "
        + "DATABASE … TO …"
    case .insufficientPrivilege:
      "\(words). Either this is for the owner of the schema to run; or the owner runs: trust-budget "
        + "migrate up --service-role ROLE if the role is to serve, --auditor-role ROLE if it is to read"
    default: words
    }
  }
}
