import LibPQ
import TrustBudget

/// A row of one of the two trails: an entry of a budget, or a break-glass event of a journal.
///
/// Both are numbered and chained by hash, and both are followed in the order of transactions.
protocol TrailRow: Hashable, Sendable {
  /// The table, in PostgreSQL's schema and in the file.
  static var table: String { get }
  /// The column that names the chain, and the SQL type that its text is cast to.
  static var chainColumn: (name: String, type: String) { get }
  /// The column with the place in the chain.
  static var sequenceColumn: String { get }
  /// The column with PostgreSQL's number of the row.
  static var numberColumn: String { get }
  /// The column with PostgreSQL's clock when the row was written.
  static var clockColumn: String { get }
  /// The file's table of the rows that wait for the one before them.
  static var awaitedTable: String { get }
  static func chain(_ name: String) -> TrailChain

  /// The columns of PostgreSQL that `init(decoding:)` reads, in its order.
  static var columns: String { get }
  init(decoding row: inout PostgresRow) throws

  /// The columns of the file that `init(reading:)` reads, in its order.
  static var fileColumns: String { get }
  /// - Throws: `InvalidValue` for what no program of ours has written.
  init(reading row: inout FileStatement) throws(InvalidValue)

  var position: TrailPosition { get }
  var place: TrailPlace { get }
  /// The columns in which two rows differ.
  func differences(from other: Self) -> [String]
}

extension TrailRow {
  /// How many rows are read at a time by whoever goes through all of them.
  static var pageSize: Int { 8_192 }
}

/// Whether two texts are the same to the letter. Swift's `==` takes an accent for a letter with it.
func isSame(_ text: String?, _ other: String?) -> Bool {
  guard let text, let other else { return text == nil && other == nil }
  return text.utf8.elementsEqual(other.utf8)
}
