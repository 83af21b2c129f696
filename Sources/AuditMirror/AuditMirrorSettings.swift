import TrustBudget

/// A node's mirror, and its bounds.
package struct AuditMirrorSettings: Sendable {
  /// The node's name, for the log, the lock file and `pg_stat_activity`.
  package var node: String
  /// Where the file is.
  package var path: String
  /// The wall clock, for the name of a file that is set aside.
  package var now: @Sendable () -> Timestamp
  /// Rows in one answer of PostgreSQL.
  package var pageSize = 1_024
  /// Rows in one transaction of SQLite, while the mirror catches up.
  package var transactionSize = 65_536
  /// After so many entries, the ends of the chains that they moved are written.
  package var headsInterval = BudgetHeads.usualInterval
  /// How often to look while there is something to do.
  package var busyInterval: Duration = .milliseconds(50)
  /// How old what the file lacks may get under load, as long as the work allows it.
  package var freshness: Duration = .milliseconds(450)
  /// How often a window that is held back is looked at again before it is read, and after how long.
  package var looks = 3
  package var lookInterval: Duration = .milliseconds(10)
  /// How often to look when there was nothing for a while.
  package var idleInterval: Duration = .seconds(1)
  /// How long to wait after a problem, at most.
  package var retryInterval: Duration = .seconds(5)
  /// How long to catch up when the node is told to end.
  package var farewell: Duration = .seconds(2)
  /// How many of the file's newest entries PostgreSQL must show when a session begins.
  package var witnesses = 10_000
  /// How often it must show some of them again, and how many.
  package var witnessInterval: Duration = .seconds(30)
  package var routineWitnesses = 1_000

  package init(node: String, path: String, now: @escaping @Sendable () -> Timestamp) {
    self.node = node
    self.path = path
    self.now = now
  }
}
