/// A SQL statement with its parameters, and how to read its rows.
///
/// A conforming type holds the parameters as its properties:
///
/// ```swift
/// struct BalanceQuery: PostgresStatement {
///   static let name: String? = "balance"
///   static let sql = "SELECT balance FROM budgets WHERE budget_id = $1"
///   static let parameterTypes: [PostgresType] = [.text]
///   let budgetID: String
///
///   func bind(_ parameters: inout PostgresParameters) { parameters.append(budgetID) }
///   static func decode(_ row: inout PostgresRow) throws -> Int64 { try row.next(Int64.self) }
/// }
/// ```
package protocol PostgresStatement: Sendable {
  /// What one row becomes. `Void` for a statement whose rows, if any, don't matter.
  associatedtype Row: Sendable

  /// The name under which each session prepares it once, when it first needs it; unique among all
  /// statements. Nil: not prepared.
  static var name: String? { get }

  /// One statement, with `$1`, `$2`… for its parameters.
  static var sql: String { get }

  /// The parameters' types, in order.
  static var parameterTypes: [PostgresType] { get }

  /// Appends the parameters' values, in order, one for each of ``parameterTypes``.
  func bind(_ parameters: inout PostgresParameters)

  /// Reads one row: every column, in order.
  static func decode(_ row: inout PostgresRow) throws -> Row
}

extension PostgresStatement {
  /// Not prepared.
  package static var name: String? { nil }

  /// No parameters.
  package static var parameterTypes: [PostgresType] { [] }

  /// No parameters.
  package func bind(_ parameters: inout PostgresParameters) {}
}

extension PostgresStatement where Row == Void {
  /// Rows don't matter.
  package static func decode(_ row: inout PostgresRow) throws {}
}
