import Foundation
import TrustBudgetTesting

/// A machine on which one directory can be written to, as in a container that is read-only but for a
/// volume: there is no place for temporary files.
enum ReadOnlyRoot {
  /// Root, and where mounting is allowed.
  static let isPossible: Bool = {
    guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
    defer { directory.remove() }
    let trial = Process()
    let words = launcher(but: directory) + ["/usr/bin/test", "!", "-w", "/tmp"]
    trial.executableURL = URL(filePath: words[0])
    trial.arguments = Array(words.dropFirst())
    trial.standardError = FileHandle.nullDevice
    guard (try? trial.run()) != nil else { return false }
    trial.waitUntilExit()
    return trial.terminationStatus == 0
  }()

  /// A command that becomes the program which follows it, on such a machine.
  static func launcher(but directory: TemporaryDirectory) -> [String] {
    let script = """
      set -e
      mount --bind "$0" "$0"
      for place in /tmp /var/tmp; do
        mount --rbind $place $place
        mount -o remount,bind,ro $place
      done
      cd /tmp
      exec "$@"
      """
    return ["/usr/bin/unshare", "--mount", "/bin/bash", "-c", script, directory.path]
  }
}
