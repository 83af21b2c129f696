import GRDB
import TrustBudget

/// Rows of chains that came before the one that they follow.
///
/// The order of transactions is not the order of a chain's numbers, so a row may be below the horizon
/// before its predecessor is. It is in the file then, and waits here until that one has come.
struct AwaitedRows<TableRow: TrailRow> {
  private struct Awaited {
    let row: TableRow
    let epoch: Int64
    /// The one before it is there when every transaction below this is over.
    let horizon: Int64
  }

  private var chains: [String: [Int64: Awaited]] = [:]
  private var isChanged = false

  /// Goes on where the file ends.
  init(_ db: Database) throws {
    var waiting = try FileStatement(
      db,
      """
      SELECT epoch, horizon, \(TableRow.chainColumn.name), \(TableRow.sequenceColumn)
      FROM \(TableRow.awaitedTable)
      """)
    // They came lately: entries, which no index finds, are looked for from the newest on.
    var rows = try FileStatement(
      db,
      """
      SELECT \(TableRow.fileColumns) FROM \(TableRow.table)
      WHERE \(TableRow.chainColumn.name) = ? AND \(TableRow.sequenceColumn) = ?
      ORDER BY rowid DESC LIMIT 1
      """)
    while try waiting.step() {
      let (epoch, horizon) = (try waiting.number(), try waiting.number())
      let (chain, sequence) = (try waiting.text(), try waiting.number())
      rows.put(chain)
      rows.put(sequence)
      defer { rows.reset() }
      guard try rows.step() else { continue }
      chains[chain, default: [:]][sequence] = Awaited(
        row: try TableRow(reading: &rows), epoch: epoch, horizon: horizon)
    }
  }

  var isEmpty: Bool { chains.isEmpty }

  func contains(_ sequence: Int64, of chain: String) -> Bool {
    !chains.isEmpty && chains[chain]?[sequence] != nil
  }

  mutating func add(
    _ row: TableRow, _ sequence: Int64, of chain: String, window: TrailWindow
  ) {
    chains[chain, default: [:]][sequence] = Awaited(
      row: row, epoch: window.ledger.epoch, horizon: window.nextTransaction)
    isChanged = true
  }

  /// Takes out the row that has waited to be the next of its chain.
  mutating func take(_ sequence: Int64, of chain: String) -> TableRow? {
    guard let found = chains[chain]?.removeValue(forKey: sequence) else { return nil }
    if chains[chain]?.isEmpty == true { chains[chain] = nil }
    isChanged = true
    return found.row
  }

  /// Once all of a window has come: whether everything is there that must be.
  ///
  /// - Throws: `MirrorRefusal.gap`, of the first row after the gap, and of the first chain by its name.
  func endWindow(_ window: TrailWindow) throws {
    let overdue = chains.values.filter { rows in
      rows.values.contains {
        $0.epoch < window.ledger.epoch || $0.horizon <= window.horizon
      }
    }
    // Of a chain's rows that wait, those after the first have the one before them, or wait for it in turn.
    let gaps = overdue.compactMap { rows in rows.values.map(\.row.place).min() }
    if let first = gaps.min() { throw MirrorRefusal.gap(first) }
  }

  /// Writes what has changed.
  mutating func save(_ db: Database) throws {
    guard isChanged else { return }
    try db.execute(sql: "DELETE FROM \(TableRow.awaitedTable)")
    var insert = try FileStatement(db, "INSERT INTO \(TableRow.awaitedTable) VALUES (?,?,?,?)")
    for (chain, rows) in chains {
      for (sequence, awaited) in rows {
        insert.put(chain)
        insert.put(sequence)
        insert.put(awaited.epoch)
        insert.put(awaited.horizon)
        try insert.run()
      }
    }
    isChanged = false
  }
}
