/// A NOTICE or WARNING that came with a statement's answer.
package struct PostgresNotice: Sendable, Hashable {
  /// `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`, in English whatever the server's language.
  package let severity: String
  package let sqlState: SQLState?
  package let message: String
  /// Whether it says that a COMMIT's wait for the synchronous standby was cut short: what was committed
  /// may yet be lost in a failover. Told by who raised it, since neither its code (01000) nor its words,
  /// which are in the server's language, are its own.
  package let isOfUnconfirmedCommit: Bool
}
