import Foundation
import Synchronization

/// A journal's place on disk, claimed for this process alone.
///
/// The claim is a lock on a file beside the journal, and ends with the process however it ends. The
/// journal itself stays open to anybody who wants to read it.
final class JournalFile: Sendable {
  let path: String
  private let lock: Mutex<Int32>
  private let identity: Identity

  /// Which file a path leads to.
  private struct Identity: Equatable {
    let device: dev_t
    let inode: ino_t

    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      inode = status.st_ino
    }
  }

  /// Makes the directory and the file where they are missing, and claims the file.
  ///
  /// - Throws: `JournalProblem`.
  init(claiming path: String) throws(JournalProblem) {
    self.path = path
    let directory = URL(filePath: path).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o750])
    } catch {
      throw .unusable("\(directory.path()) cannot be made: \(error.localizedDescription)")
    }
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard lock >= 0 else { throw .unusable("\(path).lock: \(JournalFile.lastError)") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      let reason = JournalFile.lastError
      close(lock)
      throw isTaken ? .inUse(path) : .unusable("\(path).lock: \(reason)")
    }
    // SQLite would make it readable to everybody, and gives its own files the mode of this one.
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard file >= 0, let identity = Identity(path: path) else {
      let reason = JournalFile.lastError
      if file >= 0 { close(file) }
      close(lock)
      throw .unusable("\(path): \(reason)")
    }
    close(file)
    self.identity = identity
    self.lock = Mutex(lock)
    // The new names must survive a power cut as well as what is in the files.
    let parent = open(directory.path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if parent >= 0 {
      fsync(parent)
      close(parent)
    }
  }

  deinit {
    release()
  }

  /// Gives up the claim.
  func release() {
    lock.withLock { lock in
      if lock >= 0 { close(lock) }
      lock = -1
    }
  }

  /// Whether the path still leads to the file that was claimed. What is written to one that was
  /// removed is lost with the process.
  var isInPlace: Bool { Identity(path: path) == identity }

  /// Renames a journal that cannot be used, with what SQLite keeps beside it. Nothing is deleted.
  ///
  /// - Returns: where it is now.
  static func setAside(_ path: String, suffix: String) throws(JournalProblem) -> String {
    var target = "\(path).\(suffix)"
    var number = 1
    while FileManager.default.fileExists(atPath: target) {
      number += 1
      target = "\(path).\(suffix)-\(number)"
    }
    for ending in ["-wal", "-shm", ""]
    where FileManager.default.fileExists(atPath: path + ending) {
      guard rename(path + ending, target + ending) == 0 else {
        throw .unusable("\(path + ending) cannot be set aside: \(lastError)")
      }
    }
    return target
  }

  private static var lastError: String { String(cString: strerror(errno)) }
}
