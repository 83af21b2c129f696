import Foundation
import Synchronization
import TrustBudgetTesting

/// Sees to it that no child and no file outlives the tests, however they end.
///
/// A small shell reads from us which children there are. When it reads no more, we are gone: it kills
/// those that are left, and removes the directory that all temporary files are in.
final class Undertaker: Sendable {
  static let shared = Undertaker()

  private static let script = """
    trap '' HUP INT TERM
    living=' '
    while read -r change process; do
      case $change in
        born) living="$living$process " ;;
        dead) living="${living%% $process *} ${living#* $process }" ;;
      esac
    done
    for process in $living; do kill -s KILL "$process"; done
    until rm -rf "$1"; do sleep 0.2; done
    """

  /// What it removes in the end.
  let directory = FileManager.default.temporaryDirectory
    .appending(path: "trust-budget-service-\(getpid())").path(percentEncoded: false)

  private let messages = Mutex<FileHandle?>(nil)

  private init() {
    let pipe = Pipe()
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", Undertaker.script, "undertaker", directory]
    shell.standardInput = pipe
    shell.standardOutput = FileHandle.nullDevice
    shell.standardError = FileHandle.nullDevice
    guard (try? shell.run()) != nil else { return }
    try? pipe.fileHandleForReading.close()
    messages.withLock { $0 = pipe.fileHandleForWriting }
  }

  /// Lends a directory that is gone afterwards, whatever happens to the tests.
  func withDirectory<R>(_ body: (TemporaryDirectory) async throws -> R) async throws -> R {
    try await TemporaryDirectory.with(in: directory, body)
  }

  func born(_ process: Int32) { tell("born \(process)\n") }
  func dead(_ process: Int32) { tell("dead \(process)\n") }

  private func tell(_ message: String) {
    messages.withLock { try? $0?.write(contentsOf: Data(message.utf8)) }
  }
}
