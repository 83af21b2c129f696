/// Which ledger this is, and which life of it.
package struct LedgerIdentity: Hashable, Sendable {
  /// A UUID in lower case with hyphens, made with the schema.
  package let id: String
  /// 1, and one more after each restore from a backup.
  package let epoch: Int64

  package init(id: String, epoch: Int64) {
    self.id = id
    self.epoch = epoch
  }

  /// Whether it is, or was, in an epoch.
  package func hasBegun(_ epoch: Int64) -> Bool { epoch >= 1 && epoch <= self.epoch }
}
