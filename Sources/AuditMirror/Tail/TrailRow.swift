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
  static func chain(_ name: String) -> TrailChain

  /// The columns of PostgreSQL that `init(decoding:)` reads, in its order.
  static var columns: String { get }
  init(decoding row: inout PostgresRow) throws

  /// The columns of the file that `init(reading:)` reads, in its order.
  static var fileColumns: String { get }
  static var fileColumnCount: Int { get }
  /// - Throws: `InvalidValue` for what no program of ours has written.
  init(reading row: inout FileStatement) throws(InvalidValue)

  var position: TrailPosition { get }
  var place: TrailPlace { get }
  /// The columns in which two rows differ.
  func differences(from other: Self) -> [String]
}

/// A chain of hashes: a budget's entries, or a journal's break-glass events.
package enum TrailChain: Hashable, Sendable, CustomStringConvertible {
  case budget(String)
  case journal(String)

  var isJournal: Bool {
    if case .journal = self { true } else { false }
  }

  /// The budget's or the journal's id.
  var name: String {
    switch self {
    case .budget(let id), .journal(let id): id
    }
  }

  /// What one of its rows is called.
  var rowName: String {
    switch self {
    case .budget: "entry"
    case .journal: "event"
    }
  }

  package var description: String {
    switch self {
    case .budget(let id): id
    case .journal(let id): "journal \(id)"
    }
  }
}

/// A row's place in its chain.
package struct TrailPlace: Hashable, Sendable, CustomStringConvertible {
  package let chain: TrailChain
  package let sequence: Int64

  package var description: String { "\(chain) \(chain.rowName) \(sequence)" }
}
