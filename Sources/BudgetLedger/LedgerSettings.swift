/// The bounds of a node's ledger. Everything is bounded: with the defaults a caller is answered within
/// 5 s, or when the statement ends that is under way then.
package struct LedgerSettings: Sendable {
  /// The node's name, as every entry that it writes carries it.
  package var node: String
  /// Connections that decide batches. A budget belongs to one lane of a node.
  package var lanes = 4
  /// The most operations in one transaction.
  package var batchSize = 512
  /// The most operations that may wait in one lane.
  package var queueLength = 4_096
  /// How long an operation may take, from arrival to answer, while the ledger cannot be reached.
  package var patience: Duration = .seconds(4)
  /// The longest that one attempt to connect may take.
  package var connectTimeout: Duration = .seconds(2)
  /// The longest that one statement may run.
  package var statementTimeout: Duration = .milliseconds(2_500)
  /// The longest wait for one row lock before the batch gives way and tries again.
  package var lockTimeout: Duration = .seconds(1)
  /// After this long PostgreSQL ends a transaction whose node has stopped talking.
  package var idleInTransactionTimeout: Duration = .seconds(5)
  /// The longest that a batch's transaction may last, where PostgreSQL can limit that (17 and later): longer
  /// than its round trips may take in all.
  package var transactionTimeout: Duration = .seconds(10)
  /// Connections for reads.
  package var readers = 4
  /// How often the budgets that run short are looked at.
  package var watchInterval: Duration = .seconds(15)
  /// A budget that lost more than half of its allocation in this time is spent fast; whole seconds.
  package var watchPeriod: Duration = .seconds(3_600)

  package init(node: String) {
    self.node = node
  }
}
