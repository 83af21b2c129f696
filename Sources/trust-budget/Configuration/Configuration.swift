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

  func given(_ key: SettingKey) -> Given? { values[key.name] }
}

extension Configuration {
  private static let isUsed = Atomic(false)
  private static let loaded = Result {
    try Configuration(
      arguments: Array(CommandLine.arguments.dropFirst()),
      environment: ProcessInfo.processInfo.environment)
  }

  /// This process's own, read when it is first asked for; empty where it won't do.
  static var current: Configuration {
    isUsed.store(true, ordering: .relaxed)
    return (try? loaded.get()) ?? Configuration()
  }

  /// Why what was asked for won't do; nil also where nobody asked: what needs no settings, help and
  /// `version` say, goes on all the same.
  static var problem: ConfigurationProblem? {
    guard isUsed.load(ordering: .relaxed), case .failure(let error) = loaded else { return nil }
    return error as? ConfigurationProblem
  }

  /// For the `validate()` of options that ask for settings, which is the moment to hear what is wrong.
  ///
  /// - Throws: `ConfigurationProblem`.
  static func validate() throws {
    _ = current
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
    var problems: [String] = []
    for key in Settings.all {
      guard let text = environment[key.variable] else { continue }
      do {
        try key.file.check(text)
        values[key.name] = Given(text: text, source: .environment(variable: key.variable))
      } catch {
        problems.append("trust-budget: \(key.variable) \(error.requirement)")
      }
    }
    guard problems.isEmpty else {
      throw ConfigurationProblem(text: problems.joined(separator: "\n"))
    }
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
          """)
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
}
