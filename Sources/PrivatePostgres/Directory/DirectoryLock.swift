import Foundation
import Synchronization

/// The lock on a cluster's directory: one process at a time.
///
/// The supervisor shares it, so that it stays taken after our death until the server has stopped
/// and an ephemeral directory is gone.
final class DirectoryLock: Sendable {
  private let state: Mutex<Int32?>

  private init(descriptor: Int32) {
    state = Mutex(descriptor)
  }

  // The supervisor keeps its share until it has cleaned up.
  deinit {
    if let descriptor { close(descriptor) }
  }

  /// The locked file's descriptor; nil once it was released.
  var descriptor: Int32? { state.withLock { $0 } }

  /// Gives the directory up, for another process to claim, once the supervisor has left.
  func release() {
    guard let descriptor = state.withLock({ $0.take() }) else { return }
    // Closing alone might not do: a child that is just being started has a copy until it runs.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes the lock, waiting only for the supervisor of a process that is dead already.
  ///
  /// - Returns: The lock; nil if the directory vanished meanwhile and has to be made again.
  /// - Throws: ``PrivatePostgresError`` if another process has it.
  static func acquire(
    in directory: String, deadline: ContinuousClock.Instant
  ) throws -> DirectoryLock? {
    let file = "\(directory)/lock"
    while true {
      let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw PrivatePostgresError.system("can't open \(file)", code: errno)
      }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        let lock = DirectoryLock(descriptor: descriptor)
        guard isSame(descriptor, file) else { return nil }
        try lock.writeOwner(to: file)
        return lock
      }
      let owner = readOwner(of: file)
      close(descriptor)
      let ownerLives = owner.map { kill($0, 0) == 0 || errno == EPERM } ?? false
      guard !ownerLives, ContinuousClock.now < deadline else {
        throw PrivatePostgresError(
          "\(directory) is in use by process \(owner.map(String.init) ?? "unknown"): stop that "
            + "one first, or choose another directory")
      }
      usleep(20_000)
    }
  }

  private func writeOwner(to file: String) throws {
    let text = "\(getpid())\n"
    guard let descriptor, ftruncate(descriptor, 0) == 0,
      write(descriptor, text, text.utf8.count) == text.utf8.count
    else { throw PrivatePostgresError.system("can't write \(file)", code: errno) }
  }

  private static func readOwner(of file: String) -> pid_t? {
    let text = try? String(contentsOfFile: file, encoding: .utf8)
    return text.flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Whether the file is still the one that was opened: a supervisor may have removed it meanwhile.
  private static func isSame(_ descriptor: Int32, _ file: String) -> Bool {
    var opened = stat()
    var named = stat()
    return fstat(descriptor, &opened) == 0 && stat(file, &named) == 0
      && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
  }
}
