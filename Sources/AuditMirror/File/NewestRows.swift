import GRDB
import TrustBudget

/// The newest rows of a file, newest first: what PostgreSQL must have, too.
struct NewestRows<TableRow: TrailRow>: Sendable {
  var places: [TrailPlace] = []
  var rows: [FoundRow] = []

  init(_ limit: Int, _ db: Database) throws {
    let (chain, sequence) = (TableRow.chainColumn.name, TableRow.sequenceColumn)
    var rows = try FileStatement(
      db,
      """
      SELECT \(chain), \(sequence), hash, epoch, transaction_id, \(TableRow.numberColumn)
      FROM \(TableRow.table) ORDER BY rowid DESC LIMIT ?
      """)
    rows.put(Int64(limit))
    while try rows.step() {
      places.append(
        TrailPlace(chain: TableRow.chain(try rows.text()), sequence: try rows.number()))
      self.rows.append(
        FoundRow(
          hash: try rows.digest(),
          position: TrailPosition(
            epoch: try rows.count(), transactionID: try rows.count(), number: try rows.count())))
    }
  }
}
