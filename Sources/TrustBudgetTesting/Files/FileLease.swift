import Foundation

/// Keeps whoever opens a file waiting, as a disk does that hangs: with what Linux has for file servers. Its
/// patience with that is 45 s.
package struct FileLease: Sendable {
  /// Whether the file system that tests use has leases.
  package static let isPossible: Bool = {
    guard let directory = try? TemporaryDirectory() else { return false }
    defer { directory.remove() }
    let lease = FileLease(replacing: directory.file("lease"))
    lease?.end()
    return lease != nil
  }()

  private let file: Int32

  /// Puts an empty file in the place of another.
  ///
  /// - Returns: nil where the file system has no leases.
  package init?(replacing path: String) {
    unlink(path)
    file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0o640)
    // F_SETLEASE and F_SETSIG, which Glibc's module leaves out.
    let (setLease, setSignal): (Int32, Int32) = (1_024, 10)
    // The signal that says that somebody waits would end the process.
    guard file >= 0, fcntl(file, setSignal, SIGURG) == 0,
      fcntl(file, setLease, Int32(F_WRLCK)) == 0
    else {
      close(file)
      return nil
    }
  }

  /// Whether somebody waits.
  package var isAwaited: Bool {
    // F_GETLEASE: what is left of it once it has been asked for.
    fcntl(file, 1_025) != Int32(F_WRLCK)
  }

  /// Lets everybody go on.
  package func end() {
    close(file)
  }
}
