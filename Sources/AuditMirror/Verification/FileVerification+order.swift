import GRDB
import TrustBudget

// Where rows stand in the trail's order: no hash covers that.

extension FileVerification {
  /// Rows were written in the order of the trail; one that stands elsewhere was moved, or put there later.
  func checkOrder<TableRow: TrailRow>(
    of _: TableRow.Type, _ db: Database, _ report: inout TrailReport
  ) throws {
    var rows = try FileStatement(
      db,
      """
      SELECT epoch, transaction_id, \(TableRow.numberColumn), \(TableRow.chainColumn.name),
             \(TableRow.sequenceColumn)
      FROM \(TableRow.table) ORDER BY rowid
      """)
    defer { rows.reset() }
    var last = TrailPosition.start
    while try rows.step() {
      // What is no value of ours is told of elsewhere.
      guard let epoch = try? rows.count(), let transactionID = try? rows.count(),
        let number = try? rows.count()
      else { continue }
      let position = TrailPosition(epoch: epoch, transactionID: transactionID, number: number)
      if position <= last, let chain = try? rows.text(), let sequence = try? rows.number() {
        report.add(
          TrailFault(
            TableRow.chain(chain), sequence: sequence, number: number,
            problem: "it is not where it belongs in the file's order"))
      }
      last = max(last, position)
    }
  }

  /// Nothing waits any more once the file has come to the transactions below which the one before it must
  /// be: it would be verified by nobody.
  func checkWaiting<TableRow: TrailRow>(
    of _: TableRow.Type, upTo end: TrailPosition, _ db: Database, _ report: inout TrailReport
  ) throws {
    var rows = try FileStatement(
      db,
      """
      SELECT epoch, horizon, \(TableRow.chainColumn.name), \(TableRow.sequenceColumn)
      FROM \(TableRow.awaitedTable)
      """)
    defer { rows.reset() }
    while try rows.step() {
      let (epoch, horizon) = (try rows.count(), try rows.count())
      guard (epoch, horizon) <= (end.epoch, end.transactionID) else { continue }
      report.add(
        TrailFault(
          TableRow.chain(try rows.text()), sequence: try rows.number(),
          problem: "it is noted as waiting for the one before it, which must have come by now"))
    }
  }
}
