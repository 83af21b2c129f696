import ClaimedFile
import Foundation
import PolicyFile
import Synchronization
import TrustBudget

/// What this host says of the settings: its environment first, then its file.
struct Configuration: Sendable {
  /// Read where nobody names another, and no error where it is missing.
  static let standardPath = "/etc/trust-budget/config.yaml"
  static let variable = "TRUST_BUDGET_CONFIG"

  /// Where a value comes from.
  enum Source: Sendable {
    case environment(variable: String)
    case file(path: String, line: Int)
  }

  struct Given: Sendable {
    let text: String
    let source: Source
  }

  /// The file that was read; nil: none.
  private(set) var path: String?
  private var values: [String: Given] = [:]
  /// What is wrong with what the environment says, by the settings' names.
  private var problems: [String: String] = [:]
  /// Variables that are nobody's and look like a setting's, each with a sentence that says so. The others that
  /// begin like ours may be anybody's: Kubernetes tells of a service by such names.
  private(set) var misspelt: [String] = []

  func given(_ key: SettingKey) -> Given? { values[key.name] }
}

extension Configuration {
  private static let loaded = Result {
    try Configuration(
      arguments: Array(CommandLine.arguments.dropFirst()),
      environment: ProcessInfo.processInfo.environment)
  }
  /// The settings that this command goes by; nil: it goes by none.
  private static let asked = Mutex<Set<String>?>(nil)

  /// This process's own, read when it is first asked for; empty where it won't do.
  static var current: Configuration {
    asked.withLock { $0 = $0 ?? [] }
    return (try? loaded.get()) ?? Configuration()
  }

  /// What it says of a setting that this command goes by.
  static func ask(for key: SettingKey) -> Given? {
    asked.withLock { $0 = ($0 ?? []).union([key.name]) }
    return current.given(key)
  }

  /// Why what was asked for won't do; nil also where nobody asked. A command goes on whatever is said of
  /// settings that it does not go by: `DATABASE_URL` may be another program's, and no emergency waits for
  /// that.
  static var problem: ConfigurationProblem? {
    guard let asked = asked.withLock({ $0 }) else { return nil }
    switch loaded {
    case .failure(let error): return error as? ConfigurationProblem
    case .success(let configuration):
      let problems = Settings.all.filter { asked.contains($0.name) }.compactMap {
        configuration.problems[$0.name]
      }
      return problems.isEmpty ? nil : ConfigurationProblem(text: problems.joined(separator: "\n"))
    }
  }

  /// For the `validate()` of options that ask for settings, which is the moment to hear what is wrong.
  ///
  /// - Parameter keys: what is asked for besides what was asked for before.
  /// - Throws: `ConfigurationProblem`.
  static func validate(_ keys: [SettingKey] = []) throws {
    _ = current
    for key in keys { _ = ask(for: key) }
    if let problem { throw problem }
  }

  /// - Parameter arguments: those of the program; `--config` is looked for in them.
  /// - Throws: `ConfigurationProblem`.
  private init(arguments: [String], environment: [String: String]) throws {
    // What is empty in the environment is not set: that is how compose files leave things out.
    let environment = environment.filter { !$0.value.isEmpty }
    if let named = try Configuration.file(in: arguments) ?? environment[Configuration.variable] {
      try read(named)
    } else if FileManager.default.fileExists(atPath: Configuration.standardPath) {
      try read(Configuration.standardPath)
    }
    for key in Settings.all {
      guard let text = environment[key.variable] else { continue }
      do {
        try key.file.check(text)
        values[key.name] = Given(text: text, source: .environment(variable: key.variable))
      } catch {
        problems[key.name] = "trust-budget: \(key.variable) \(error.requirement)"
      }
    }
    misspelt = environment.keys.sorted().compactMap(Configuration.misspelling)
  }

  private static func misspelling(_ variable: String) -> String? {
    guard variable.hasPrefix(SettingKey.prefix) else { return nil }
    var known = [Configuration.variable, CredentialOptions.variable].map {
      (name: $0.dropFirst(SettingKey.prefix.count).lowercased(), variable: $0)
    }
    known += Settings.all.map { ($0.file.name, $0.variable) }
    guard !known.contains(where: { $0.variable == variable }),
      let meant = Suggestion.nearest(
        to: variable.dropFirst(SettingKey.prefix.count).lowercased(), among: known.map(\.name)),
      let right = known.first(where: { $0.name == meant })
    else { return nil }
    return "\(variable) is no setting; did you mean \(right.variable)?"
  }

  /// Options are read only later, and have these values for defaults.
  private static func file(in arguments: [String]) throws -> String? {
    let ours = arguments.prefix { $0 != "--" }
    var path: String?
    for (argument, next) in zip(ours, ours.dropFirst() + [""]) {
      if argument == "--config" { path = next }
      if argument.hasPrefix("--config=") { path = String(argument.dropFirst("--config=".count)) }
    }
    guard path != "" else {
      throw ConfigurationProblem(text: "trust-budget: --config needs a file")
    }
    return path
  }

  private mutating func read(_ path: String) throws {
    let (bytes, isPublic) = try Configuration.contents(of: path)
    do {
      let file = try SettingsFile(
        yaml: bytes, fileName: path, keys: Settings.all.map(\.file), isPublic: isPublic)
      for key in Settings.all {
        values[key.name] = file.values[key.file.name].map {
          Given(text: $0.text, source: .file(path: path, line: $0.line))
        }
      }
      self.path = path
    } catch {
      throw ConfigurationProblem(text: "\(error)")
    }
  }
}

extension Configuration {
  /// - Returns: the file's bytes, but no more than show that they are too many; and whether everybody
  ///   may read them.
  private static func contents(of path: String) throws -> (bytes: [UInt8], isPublic: Bool) {
    func unreadable(_ reason: String) -> ConfigurationProblem {
      ConfigurationProblem(
        text: """
          trust-budget: the configuration \(path) cannot be read: \(reason)
          Name another by --config or $\(variable); /dev/null is none.
          """, status: 1)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(String(cString: strerror(errno))) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw unreadable("it is a directory")
    }
    let bytes: Data?
    do {
      bytes = try file.read(upToCount: SettingsFile.maximumBytes + 1)
    } catch {
      throw unreadable(error.systemReason)
    }
    return (Array(bytes ?? Data()), status.st_mode & S_IROTH != 0)
  }
}

/// Everything that is wrong with what this host says of the settings, for people.
struct ConfigurationProblem: Error {
  let text: String
  /// The exit status: a wrong value is wrong usage wherever it stands.
  var status: Int32 = 2
}
