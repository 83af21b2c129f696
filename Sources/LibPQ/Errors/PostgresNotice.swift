/// A NOTICE or WARNING that came with a statement's answer.
///
/// One matters to us: a WARNING 01000 at COMMIT says that the wait for the synchronous standby was
/// cut short.
package struct PostgresNotice: Sendable, Hashable {
  /// `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`, in English whatever the server's language.
  package let severity: String
  package let sqlState: SQLState?
  package let message: String
  package let detail: String?
  package let hint: String?
}
