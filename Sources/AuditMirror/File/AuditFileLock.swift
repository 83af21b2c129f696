import Foundation

/// Keeps a second process off a file, by a lock on a file beside it that goes with the process.
///
/// `@unchecked Sendable`: the descriptor is set once and closed in `deinit`.
final class AuditFileLock: @unchecked Sendable {
  private let descriptor: Int32
  /// Whether the lock file was there: then the file beside it was ours.
  let wasThere: Bool

  /// - Parameter holder: what others are told of who holds it.
  /// - Throws: `AuditFileError.locked`, with what the holder said of itself, or `.unusable`.
  init(path: String, holder: String) throws(AuditFileError) {
    wasThere = access(path, F_OK) == 0
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      throw .unusable("\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      var words = [UInt8](repeating: 0, count: 512)
      let length = pread(descriptor, &words, words.count, 0)
      close(descriptor)
      throw .locked(by: String(decoding: words.prefix(max(0, length)), as: UTF8.self))
    }
    let words = Array(holder.utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, words, words.count, 0)
    self.descriptor = descriptor
  }

  /// Whether a process holds the lock now.
  static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  deinit {
    close(descriptor)
  }
}
