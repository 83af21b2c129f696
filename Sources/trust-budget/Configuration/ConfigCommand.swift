import ArgumentParser
import PolicyFile
import TrustBudget

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show each setting, and where it comes from.",
    discussion: """
      Example: trust-budget config --config /etc/trust-budget/config.yaml

      A setting is what its option says, else its variable, else the file, else the default. The
      variable is TRUST_BUDGET_ and the option's name (TRUST_BUDGET_DRAIN_DELAY for --drain-delay),
      DATABASE_URL for --database-url; config, serve and doctor tell of one that looks misspelt. The
      file is YAML, with the options' names as keys:

        database_url: postgresql://trust_budget_service@db-1,db-2/trust_budget
        policy: /etc/trust-budget/policy.yaml
        drain_delay: 3

      It is read once, when the program starts. Paths are relative to the working directory. Passwords
      are not shown here; a file that holds one must not be readable by everybody.
      """)

  @OptionGroup var configurationOptions: ConfigurationOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try Configuration.validate(Settings.all) }

  func run() async throws {
    let configuration = Configuration.current
    if json {
      var object = JSONObjectText()
      if let path = configuration.path { object.put("file", path) }
      object.put("settings", Settings.all.map { shown($0, configuration.given($0)) })
      print(object.text)
    } else {
      var table = TextTable("SETTING", "VALUE", "FROM")
      for key in Settings.all {
        let given = configuration.given(key)
        table.add(
          key.file.name, value(key, given) ?? key.unset, given?.source.text ?? "default")
      }
      print(table)
    }
    for misspelt in configuration.misspelt { Console.error(misspelt) }
  }

  private func value(_ key: SettingKey, _ given: Configuration.Given?) -> String? {
    guard let given else { return key.standard }
    return key.file.isSecret(given.text) ? "(hidden)" : given.text
  }

  private func shown(_ key: SettingKey, _ given: Configuration.Given?) -> JSONObjectText {
    var object = JSONObjectText()
    object.put("name", key.file.name)
    if let value = value(key, given) {
      object.put("value", value)
    } else {
      object.putNull("value")
    }
    switch given?.source {
    case .environment(let variable)?:
      object.put("from", "environment")
      object.put("variable", variable)
    case .file(_, let line)?:
      object.put("from", "file")
      object.put("line", Int64(line))
    case nil: object.put("from", "default")
    }
    return object
  }
}

extension Configuration.Source {
  /// `TRUST_BUDGET_LANES`, `/etc/trust-budget/config.yaml:3`.
  var text: String {
    switch self {
    case .environment(let variable): variable
    case .file(let path, let line): "\(path):\(line)"
    }
  }
}
