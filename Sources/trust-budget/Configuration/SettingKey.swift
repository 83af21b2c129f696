import PolicyFile

/// A setting by its names, whatever its type.
struct SettingKey: Sendable {
  /// As flags have it: `drain-delay`.
  let name: String
  /// What holds where nobody says anything; nil: nothing that has a value.
  let standard: String?
  /// What that means, in words.
  let unset: String
  let file: SettingsFile.Key

  static let prefix = "TRUST_BUDGET_"

  /// `TRUST_BUDGET_DRAIN_DELAY`.
  var variable: String {
    // Everybody calls a database by this name.
    name == "database-url" ? "DATABASE_URL" : Self.prefix + "\(file.name.uppercased())"
  }
}
