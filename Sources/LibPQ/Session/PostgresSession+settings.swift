/// Sets the settings of a session, all in one round trip, values as parameters.
private struct SettingsStatement: PostgresStatement {
  static let sql = """
    SELECT set_config(name, value, false)
    FROM unnest($1, $2, $3) AS setting (name, value, is_optional)
    WHERE NOT is_optional OR current_setting(name, true) IS NOT NULL
    """
  static let parameterTypes: [PostgresType] = [.textArray, .textArray, .boolArray]
  let settings: [SessionSetting]

  func bind(_ parameters: inout PostgresParameters) {
    parameters.append(settings.map(\.name))
    parameters.append(settings.map(\.value))
    parameters.append(settings.map(\.isOptional))
  }

  static func decode(_ row: inout PostgresRow) { row.skipRest() }
}

extension PostgresSession {
  /// - Throws: ``PostgresError`` of the first setting that the server refuses.
  func applySettings(_ settings: [SessionSetting]) throws {
    try execute(SettingsStatement(settings: settings))
  }
}
