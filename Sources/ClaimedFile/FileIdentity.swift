import Foundation

/// Which file a path leads to, or a descriptor.
package struct FileIdentity: Hashable, Sendable {
  let device: dev_t
  let inode: ino_t

  /// - Returns: nil where there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// - Returns: nil for no open file.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// What this process has open to be written.
  static var openForWriting: Set<FileIdentity> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return Set(
      names.compactMap { Int32($0) }
        .filter { fcntl($0, F_GETFL) & O_ACCMODE != O_RDONLY }
        .compactMap { FileIdentity(descriptor: $0) })
  }

  private init(_ status: stat) {
    device = status.st_dev
    inode = status.st_ino
  }
}
