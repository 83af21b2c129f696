import Foundation

/// What a running server writes about itself into `postmaster.pid`.
struct PostmasterFile {
  let processIdentifier: pid_t
  /// Whether it accepts connections.
  let isReady: Bool

  /// Reads the file; nil if there is none, or it is being written.
  init?(path: String) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first, let process = pid_t(first), process > 1 else { return nil }
    processIdentifier = process
    // The eighth line is the state, padded with spaces.
    isReady = lines.count > 7 && lines[7].hasPrefix("ready")
  }

  /// Whether that process still runs and is a server on `dataDirectory`: after a reboot the number
  /// may belong to anybody.
  func isAlive(on dataDirectory: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: "/proc/\(processIdentifier)/cmdline")
    else { return false }
    return String(decoding: data, as: UTF8.self).split(separator: "\0").contains {
      $0 == dataDirectory
    }
  }
}
