/// Sets the settings of a session, all in one round trip, values as parameters.
private struct SettingsStatement: PostgresStatement {
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
}
