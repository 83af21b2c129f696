/// A SQLSTATE, the five characters that say what went wrong in every language.
///
/// An open set: the constants are those that this project tells apart.
package struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The first two characters: the kind of condition, such as `08` or `23`.
  package var errorClass: Substring { rawValue.prefix(2) }

  /// The five characters.
  package var description: String { rawValue }

  package static let featureNotSupported = SQLState(rawValue: "0A000")
  package static let uniqueViolation = SQLState(rawValue: "23505")
  package static let readOnlyTransaction = SQLState(rawValue: "25006")
  package static let invalidStatementName = SQLState(rawValue: "26000")
  package static let invalidPassword = SQLState(rawValue: "28P01")
  package static let deadlockDetected = SQLState(rawValue: "40P01")
  package static let lockNotAvailable = SQLState(rawValue: "55P03")

  // Class 42 and others: names, syntax, privileges.
  package static let undefinedSchema = SQLState(rawValue: "3F000")
  package static let insufficientPrivilege = SQLState(rawValue: "42501")
  package static let undefinedColumn = SQLState(rawValue: "42703")
  package static let undefinedFunction = SQLState(rawValue: "42883")
  package static let undefinedTable = SQLState(rawValue: "42P01")
  package static let duplicatePreparedStatement = SQLState(rawValue: "42P05")
  package static let duplicateTable = SQLState(rawValue: "42P07")

  // Class 53: the server lacks something.
  package static let diskFull = SQLState(rawValue: "53100")
  package static let outOfMemory = SQLState(rawValue: "53200")

  // Class 54: too much of something; among it, transactions since the last VACUUM.
  package static let programLimitExceeded = SQLState(rawValue: "54000")

  // Class 58: the system beneath it fails.
  package static let inputOutputError = SQLState(rawValue: "58030")

  // Class 57: somebody intervened.
  package static let queryCanceled = SQLState(rawValue: "57014")
  package static let adminShutdown = SQLState(rawValue: "57P01")
  package static let crashShutdown = SQLState(rawValue: "57P02")
  package static let cannotConnectNow = SQLState(rawValue: "57P03")
}
