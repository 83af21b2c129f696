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

  // Warnings.
  package static let warning = SQLState(rawValue: "01000")

  // Class 08: the connection.
  package static let connectionFailure = SQLState(rawValue: "08006")
  package static let protocolViolation = SQLState(rawValue: "08P01")

  package static let featureNotSupported = SQLState(rawValue: "0A000")

  // Class 22: values.
  package static let numericValueOutOfRange = SQLState(rawValue: "22003")
  package static let characterNotInRepertoire = SQLState(rawValue: "22021")
  package static let invalidTextRepresentation = SQLState(rawValue: "22P02")

  // Class 23: constraints.
  package static let notNullViolation = SQLState(rawValue: "23502")
  package static let foreignKeyViolation = SQLState(rawValue: "23503")
  package static let uniqueViolation = SQLState(rawValue: "23505")
  package static let checkViolation = SQLState(rawValue: "23514")
  package static let exclusionViolation = SQLState(rawValue: "23P01")

  // Class 25: transactions.
  package static let activeTransaction = SQLState(rawValue: "25001")
  package static let readOnlyTransaction = SQLState(rawValue: "25006")
  package static let failedTransaction = SQLState(rawValue: "25P02")
  package static let idleInTransactionTimeout = SQLState(rawValue: "25P03")

  package static let invalidStatementName = SQLState(rawValue: "26000")

  // Class 28: who may connect.
  package static let invalidAuthorization = SQLState(rawValue: "28000")
  package static let invalidPassword = SQLState(rawValue: "28P01")

  package static let unknownDatabase = SQLState(rawValue: "3D000")

  // Class 40: repeat the transaction.
  package static let serializationFailure = SQLState(rawValue: "40001")
  package static let statementCompletionUnknown = SQLState(rawValue: "40003")
  package static let deadlockDetected = SQLState(rawValue: "40P01")

  // Class 42: names, syntax, privileges.
  package static let insufficientPrivilege = SQLState(rawValue: "42501")
  package static let syntaxError = SQLState(rawValue: "42601")
  package static let undefinedColumn = SQLState(rawValue: "42703")
  package static let undefinedFunction = SQLState(rawValue: "42883")
  package static let undefinedTable = SQLState(rawValue: "42P01")
  package static let duplicatePreparedStatement = SQLState(rawValue: "42P05")
  package static let duplicateSchema = SQLState(rawValue: "42P06")
  package static let duplicateTable = SQLState(rawValue: "42P07")
  package static let duplicateObject = SQLState(rawValue: "42710")
  package static let undefinedSchema = SQLState(rawValue: "3F000")

  // Class 53: the server lacks something.
  package static let diskFull = SQLState(rawValue: "53100")
  package static let outOfMemory = SQLState(rawValue: "53200")
  package static let tooManyConnections = SQLState(rawValue: "53300")

  package static let objectInUse = SQLState(rawValue: "55006")
  package static let lockNotAvailable = SQLState(rawValue: "55P03")

  // Class 57: somebody intervened.
  package static let queryCanceled = SQLState(rawValue: "57014")
  package static let adminShutdown = SQLState(rawValue: "57P01")
  package static let crashShutdown = SQLState(rawValue: "57P02")
  package static let cannotConnectNow = SQLState(rawValue: "57P03")
  package static let databaseDropped = SQLState(rawValue: "57P04")
  package static let idleSessionTimeout = SQLState(rawValue: "57P05")

  /// What `RAISE EXCEPTION` gives without a code of its own.
  package static let raiseException = SQLState(rawValue: "P0001")
}
