import Glibc
import Synchronization

/// A Unix socket in the file system: made with its permissions, and gone when the node is.
package final class UnixSocketFile: Sendable {
  /// The longest path that the system takes, in bytes.
  package static let maximumPathLength = 107

  private let path: String
  private let mode: mode_t
  /// The process's own mask while the socket is being made, and the file that came of it.
  private let state = Mutex<(mask: mode_t?, inode: UInt64?)>((nil, nil))

  init(path: String, mode: UInt32) {
    self.path = path
    self.mode = mode_t(mode)
  }

  /// Makes room: removes a socket that nobody answers at.
  ///
  /// Until ``finish()``, files that this process makes are its user's alone. Otherwise anybody could
  /// connect between the making of the socket and the setting of its permissions.
  ///
  /// - Throws: `UnusableAddress`.
  func prepare() throws {
    guard path.utf8.count <= UnixSocketFile.maximumPathLength else {
      throw UnusableAddress(
        "\(path) is longer than \(UnixSocketFile.maximumPathLength) bytes, the most of a socket")
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw UnusableAddress("\(path) is there, and is no socket; it is left alone")
      }
      guard !isAnswered() else {
        throw UnusableAddress("\(path) is another program's, which answers")
      }
      guard unlink(path) == 0 || errno == ENOENT else {
        throw UnusableAddress("\(path) is left from a former run, and may not be removed")
      }
    }
    let mask = umask(0o177)
    state.withLock { $0.mask = mask }
  }

  /// - Throws: `UnusableAddress`.
  func finish() throws {
    if let mask = state.withLock({ $0.mask.take() }) { umask(mask) }
    var status = stat()
    guard chmod(path, mode) == 0, lstat(path, &status) == 0 else {
      throw UnusableAddress("\(path) cannot be given its permissions")
    }
    let inode = UInt64(status.st_ino)
    state.withLock { $0.inode = inode }
  }

  /// Removes the socket, unless it is another's by now.
  func remove() {
    var status = stat()
    guard let inode = state.withLock({ $0.inode }), lstat(path, &status) == 0,
      UInt64(status.st_ino) == inode
    else { return }
    unlink(path)
  }

  private func isAnswered() -> Bool {
    // Where its queue is full, connecting would wait until whoever is there takes somebody in.
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_UNIX, Int32(kind), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
          // Somebody is there, though not to be reached by this user, or not at the moment.
          || errno != ECONNREFUSED
      }
    }
  }
}
