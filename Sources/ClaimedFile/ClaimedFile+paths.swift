import Foundation

// What can be asked of a path, and made there, whoever has claimed it.

extension ClaimedFile {
  /// Whether any process has ever claimed the place of a file.
  package static func hasBeenClaimed(_ path: String) -> Bool {
    guard case .file(let path) = FilePlace(path) else { return false }
    return access(path + ".lock", F_OK) == 0
  }

  /// Whether a file has another name as well. Lock and log are beside a name: whoever came by the other one
  /// would know of neither.
  package static func hasAnotherName(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_nlink > 1
  }

  /// Of which file a path would be the log or the lock, by its name.
  package static func owner(ofWhatIsBeside path: String) -> String? {
    guard case .file(let path) = FilePlace(path) else { return nil }
    return ["-wal", "-shm", "-journal", ".lock", ".tokens"].first { path.hasSuffix($0) }
      .map { String(path.dropLast($0.count)) }
  }

  /// Of which file a path would be what was set aside, by its name.
  package static func owner(ofWhatWasSetAsideAs path: String) -> String? {
    guard case .file(let path) = FilePlace(path) else { return nil }
    return path.firstMatch(of: /^(.+)\.(?:corrupt|incomplete|removed)-[^\/]+$/)
      .map { String($0.1) }
  }

  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether two paths lead to one file.
  package static func isSame(_ path: String, _ other: String) -> Bool {
    FileIdentity(path).map { $0 == FileIdentity(other) } ?? false
  }

  /// Whether two paths lead to one place, where there may be no file yet.
  package static func isSamePlace(_ path: String, _ other: String) -> Bool {
    func place(_ path: String) -> FilePlace {
      FilePlace(URL(filePath: path).standardizedFileURL.path(percentEncoded: false))
    }
    return isSame(path, other) || place(path) == place(other)
  }

  /// Whether a process has claimed the place of a file, as far as this one can tell: whose lock cannot be
  /// opened may be held.
  package static func isHeld(_ path: String) -> Bool {
    guard case .file(let path) = FilePlace(path) else { return false }
    // A pipe would be waited for.
    let lock = open(path + ".lock", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard lock >= 0 else { return errno != ENOENT }
    defer { close(lock) }
    return flock(lock, LOCK_SH | LOCK_NB) != 0
  }

  /// Makes the directory that a file is to be in, where it is missing.
  ///
  /// - Throws: `FileProblem`.
  package static func makeDirectory(of path: String) throws(FileProblem) {
    let directory = URL(filePath: path).deletingLastPathComponent()
    guard access(directory.path(percentEncoded: false), F_OK) != 0 else { return }
    var ancestors = [directory]
    while let parent = ancestors.last?.deletingLastPathComponent(), parent != ancestors.last {
      ancestors.append(parent)
      if access(parent.path(percentEncoded: false), F_OK) == 0 { break }
    }
    do {
      try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o750])
    } catch {
      throw .unusable(
        "\(directory.path(percentEncoded: false)) cannot be made: \(error.systemReason)")
    }
    for ancestor in ancestors { syncDirectory(of: ancestor.path(percentEncoded: false)) }
  }

  /// Names that were made, or changed, in a file's directory survive a power cut as well as what is in the files.
  package static func syncDirectory(of path: String) {
    let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Makes a file where it is missing, for its owner to write and its group to read, whatever the
  /// umask. SQLite would make it readable to everybody, and gives the files beside it the mode of this
  /// one.
  ///
  /// - Throws: `FileProblem`.
  package static func make(_ path: String) throws(FileProblem) {
    let isNew = access(path, F_OK) != 0
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard file >= 0 else {
      throw FileProblem(errno, "\(path) cannot be \(isNew ? "made" : "written")")
    }
    if isNew { fchmod(file, 0o640) }
    close(file)
  }

  /// A path, or, where something is there already, the same with a number behind it.
  package static func freePath(_ path: String) -> String {
    var target = path
    var number = 1
    while endings.contains(where: { access(target + $0, F_OK) == 0 }) {
      number += 1
      target = "\(path)-\(number)"
    }
    return target
  }
}
