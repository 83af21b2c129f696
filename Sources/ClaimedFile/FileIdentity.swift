import Foundation

/// Which file a path leads to.
struct FileIdentity: Hashable {
  let device: dev_t
  let inode: ino_t

  /// - Returns: nil where there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
  }
}
