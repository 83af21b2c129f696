import Foundation
import Synchronization

/// A database file's place on disk, claimed for this process alone.
///
/// The claim is a lock on a file beside it, and ends with the process however that ends. The file itself
/// stays open to anybody who wants to read it.
package final class ClaimedFile: Sendable {
  /// Where the file itself is: a link to it is a claim of the same place.
  package let path: String
  /// What was claimed: perhaps a link to it.
  private let givenPath: String
  /// Whether somebody had claimed the place before: then the file there is one of ours.
  package let wasClaimedBefore: Bool
  private let state: Mutex<State>

  private struct State {
    var lock: Int32
    var identity: FileIdentity?
    var log: [FileIdentity?]?
  }

  /// What SQLite keeps open beside a file that has a log.
  private static let logEndings = ["-wal", "-shm"]

  /// What SQLite keeps, the file itself last: an old log beside a new file would be taken for its own.
  static let endings = ["-wal", "-shm", ""]

  /// Makes the directory where it is missing, and claims the place.
  ///
  /// - Parameter holder: what others are told of who has it.
  /// - Throws: `FileProblem`.
  package init(claiming givenPath: String, holder: String) throws(FileProblem) {
    guard case .file(let path) = FilePlace(givenPath) else {
      throw .unusable("\(givenPath) is no regular file")
    }
    guard !ClaimedFile.hasAnotherName(path) else {
      throw .unusable(
        "\(path) has another name as well, a hard link, by which somebody else could write to it; remove "
          + "that one, or put a copy in the place of this one")
    }
    // SQLite would follow it, to a file that another process has claimed by its name.
    guard !ClaimedFile.isLink(path) else {
      throw .unusable(
        "\(path) is a symbolic link in a loop, or that somebody else has put there; remove it")
    }
    self.path = path
    self.givenPath = givenPath
    try ClaimedFile.makeDirectory(of: path)
    let name = path + ".lock"
    wasClaimedBefore = ClaimedFile.hasBeenClaimed(path)
    let lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard lock >= 0 else {
      throw errno == ELOOP
        ? .unusable("\(name) is a symbolic link; remove it")
        : FileProblem(errno, "\(name) cannot be opened")
    }
    // What is written to it must be in no other file, by a hard link.
    var status = stat()
    guard fstat(lock, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink <= 1 else {
      close(lock)
      throw .unusable("\(name) is no regular file, or has another name as well; remove it")
    }
    ClaimedFile.letGroupRead(lock)
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      var words = [UInt8](repeating: 0, count: 512)
      let length = pread(lock, &words, words.count, 0)
      close(lock)
      guard code == EWOULDBLOCK else { throw FileProblem(code, "\(name) cannot be locked") }
      throw .held(by: String(decoding: words.prefix(max(0, length)), as: UTF8.self))
    }
    guard FileIdentity(descriptor: lock) == FileIdentity(name) else {
      close(lock)
      throw .unusable("\(name) was taken away while it was claimed")
    }
    let words = Array(holder.utf8)
    _ = ftruncate(lock, 0)
    _ = pwrite(lock, words, words.count, 0)
    state = Mutex(State(lock: lock))
  }

  deinit { release() }

  /// Gives up the claim.
  package func release() {
    state.withLock { state in
      if state.lock >= 0 {
        // A child that is about to become another program has it open as well, for that moment.
        flock(state.lock, LOCK_UN)
        close(state.lock)
      }
      state.lock = -1
    }
  }

  /// Gives up the claim of what turned out to be somebody else's: where nobody had claimed the place
  /// before, nothing says afterwards that it was ours.
  package func abandon() {
    if !wasClaimedBefore { unlink(path + ".lock") }
    release()
  }

  /// Whoever may read the file must see whether it is claimed, whatever the umask was when the lock was
  /// made.
  private static func letGroupRead(_ lock: Int32) {
    var status = stat()
    guard fstat(lock, &status) == 0, status.st_mode & S_IRGRP == 0 else { return }
    fchmod(lock, 0o640)
  }

  /// Makes the file where it is missing, and remembers which one it is.
  ///
  /// - Throws: `FileProblem`; also where this process has the file open already, and its log was removed:
  ///   SQLite would take the log of the one for that of the other.
  package func make() throws(FileProblem) {
    try ClaimedFile.make(path)
    guard let identity = FileIdentity(path) else { throw FileProblem(errno, path) }
    guard ClaimedFile.hasItsLog(identity, ClaimedFile.log(of: path)) != false else {
      throw .unusable(
        "\(path)-wal or \(path)-shm was removed while this process had the file open; it can be opened "
          + "again when that is over")
    }
    state.withLock {
      $0.identity = identity
      $0.log = nil
    }
    ClaimedFile.syncDirectory(of: path)
  }

  /// Which file was made; nil where none was yet.
  package var identity: FileIdentity? { state.withLock { $0.identity } }

  /// Whether the path that was claimed still leads to the file that was made, and its lock and the log that
  /// SQLite has open are beside it. What is written to one that was removed is lost with the process.
  package var isInPlace: Bool {
    guard isStanding, isFileInPlace, let identity = FileIdentity(path) else { return false }
    let known = state.withLock { $0.log }
    let log = ClaimedFile.log(of: path)
    if let known { return log == known }
    guard let hasItsLog = ClaimedFile.hasItsLog(identity, log) else { return true }
    if hasItsLog { state.withLock { $0.log = log } }
    return hasItsLog
  }

  /// Whether the lock by which it was claimed is still where others look for it: where it was removed,
  /// somebody else can claim the place as well.
  package var isStanding: Bool {
    let lock = state.withLock { $0.lock }
    return lock >= 0 && FileIdentity(descriptor: lock) == FileIdentity(path + ".lock")
  }

  /// Whether the path still leads to the file that was made, whatever became of its log and lock.
  package var isFileInPlace: Bool {
    guard FilePlace(givenPath) == .file(path), let identity = FileIdentity(path) else {
      return false
    }
    return identity == self.identity
  }

  private static func log(of path: String) -> [FileIdentity?] {
    logEndings.map { FileIdentity(path + $0) }
  }

  /// Whether the log beside a file is the one that this process has open with it; nil where it has no such
  /// file open. What stands beside it may be another's: whoever opens a file without its log makes one.
  private static func hasItsLog(_ file: FileIdentity, _ log: [FileIdentity?]) -> Bool? {
    let open = FileIdentity.openForWriting
    guard open.contains(file) else { return nil }
    return log.allSatisfy { $0.map(open.contains) ?? false }
  }

  /// Renames a file that cannot be used, with what SQLite keeps beside it. Nothing is deleted, and
  /// nothing that was set aside before is overwritten.
  ///
  /// - Parameter suffix: what follows the path and a full stop: `corrupt-2026-01-02T030405`.
  /// - Returns: where it is now.
  /// - Throws: `FileProblem`.
  package func setAside(as suffix: String) throws(FileProblem) -> String {
    let target = ClaimedFile.freePath("\(path).\(suffix)")
    for ending in ClaimedFile.endings {
      guard rename(path + ending, target + ending) == 0 || errno == ENOENT else {
        throw FileProblem(errno, "\(path + ending) cannot be set aside")
      }
    }
    return target
  }
}
