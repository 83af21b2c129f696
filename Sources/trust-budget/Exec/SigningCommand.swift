import ChildProcess
import Foundation

/// The command that signs, with what was granted filled in.
struct SigningCommand {
  let arguments: [String]
  let environment: Child.Environment

  init(_ command: [String], allowed: AllowedCertificate) {
    let principals = allowed.principals.joined(separator: ",")
    let values: [Substring: String] = [
      "principals": principals, "max_duration": allowed.maxDuration,
      "request_id": allowed.requestID,
    ]
    // Once, from left to right: what is filled in may look like a placeholder, and is none.
    self.arguments = command.map { argument in
      argument.replacing(/\{([a-z_]+)\}/) { values[$0.1] ?? String($0.0) }
    }
    var environment = Child.Environment.ours
    environment.set("TRUST_BUDGET_PRINCIPALS", to: principals)
    environment.set("TRUST_BUDGET_MAX_DURATION", to: allowed.maxDuration)
    environment.set("TRUST_BUDGET_REQUEST_ID", to: allowed.requestID)
    environment.set("TRUST_BUDGET_RULE", to: allowed.rule)
    self.environment = environment
  }

  /// Runs it on this program's terminal.
  ///
  /// A signal to this program is the command's: when it ends of it, its points can go back.
  ///
  /// - Returns: its exit status; 128 and the signal's number where a signal ended it.
  /// - Throws: the system's error when it can't be started.
  func run(passing signals: SignalTrap) async throws -> Int32 {
    let child = try Child.start(arguments, environment: environment, in: .shared)
    await withTaskGroup { group in
      group.addTask {
        for await arrival in signals.arrivals() where !arrival.isOfKey {
          kill(child, arrival.signal)
        }
      }
      await Child.end(of: child)
      group.cancelAll()
    }
    // What remains is to tell the node, which takes seconds at most; without it, the points are lost.
    signals.ignore()
    return Child.reap(child)
  }

  /// Where `ssh-keygen -s` would write certificates if the arguments were public keys, the last one
  /// first. It takes `id` for `id.pub`.
  var certificatePaths: [String] {
    var known: Set<String> = []
    return keys.reversed().map { key in
      (key.hasSuffix(".pub") ? String(key.dropLast(4)) : key) + "-cert.pub"
    }.filter { known.insert($0).inserted }
  }

  /// Arguments that may name keys: all of them, where it is not known how the command reads them.
  private var keys: [String] {
    guard (arguments[0] as NSString).lastPathComponent == "ssh-keygen" else {
      return Array(arguments.dropFirst())
    }
    return SigningCommand.files(ofKeygen: arguments.dropFirst()).map {
      ($0 as NSString).expandingTildeInPath
    }
  }

  /// What `ssh-keygen` takes for files, not for options or their values: `id.pub` in `-qI bob -n root id.pub`.
  ///
  /// Read from left to right, as getopt does. Of two mistakes one is dear: a key that is taken for a value has
  /// its certificate for nothing, when the command fails; a value that is taken for a key matters only where
  /// somebody else signs that very key meanwhile. So whatever is not known for sure ends the options, and all
  /// the rest may be keys. The first file does, too: OpenSSH's getopt reads no options after one, and one that
  /// did would find no files but these.
  private static func files(ofKeygen words: ArraySlice<String>) -> ArraySlice<String> {
    var words = words
    while let word = words.first, word.hasPrefix("-"), word != "-" {
      words = words.dropFirst()
      if word == "--" { break }
      guard let end = word.dropFirst().firstIndex(where: { !flags.contains($0) }) else { continue }
      guard valued.contains(word[end]) else { break }
      // The rest of the word is the value, or else the next word, whatever that looks like.
      if word.index(after: end) == word.endIndex { words = words.dropFirst() }
    }
    return words
  }

  /// The letters that OpenSSH 9.2 gives to getopt, first those without a value. `g` is among both there, and the
  /// first counts.
  private static let flags = "ABHKLQUXceghiklopquvy"
  private static let valued = "CDEFIMNOPRVYZabfmnrstwz"
}
