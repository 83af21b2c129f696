import CPostgreSQL
import Glibc

/// Sets the settings of a session, all in one round trip, values as parameters.
private struct SettingsStatement: PostgresStatement {
  static let name: String? = nil
  static let sql = """
    SELECT set_config(name, value, false) FROM unnest($1, $2) AS setting (name, value)
    """
  static let parameterTypes: [PostgresType] = [.textArray, .textArray]
  let settings: [(name: String, value: String)]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(settings.map(\.name))
    parameters.append(settings.map(\.value))
  }

  static func decode(_ row: inout PostgresRow) { row.skipRest() }
}

extension PostgresSession {
  /// - Throws: ``PostgresError`` of the first setting that the server refuses.
  func applySettings(_ settings: [(name: String, value: String)]) throws {
    try execute(SettingsStatement(settings: settings))
  }

  /// Looks whether the server has closed the connection, without asking it anything.
  func isAlive() -> Bool {
    guard wire.health.isUsable, PQstatus(wire.connection) == CONNECTION_OK else { return false }
    var descriptor = pollfd(fd: PQsocket(wire.connection), events: Int16(POLLIN), revents: 0)
    // Nothing to read is the rule. Else it is the end, or a notice, which reading tells apart.
    guard poll(&descriptor, 1, 0) > 0 else { return true }
    let isReadable = PQconsumeInput(wire.connection) == 1
    _ = PQisBusy(wire.connection)  // has libpq look at what came
    if !isReadable || wire.notices.farewell != nil { wire.health.markBroken() }
    return wire.health.isUsable
  }
}
