import Foundation

/// What a path leads to, through symbolic links.
package enum FilePlace: Hashable, Sendable {
  /// A file, or where one can be made. What belongs to it is beside this path, which SQLite takes for a
  /// path, too.
  case file(String)
  /// A device, a pipe, a directory, or a file that has no name any more: nothing to be replaced.
  case other

  package init(_ path: String) {
    let target = FilePlace.target(of: path)
    var status = stat()
    if stat(path, &status) != 0 {
      self = .file(target)
    } else {
      let isFile = status.st_mode & S_IFMT == S_IFREG
      self = isFile && FileIdentity(target) == FileIdentity(path) ? .file(target) : .other
    }
  }

  /// Whether the kernel would follow a link, with `fs.protected_symlinks`: one that somebody else has put where
  /// anybody can leads to what is not his to replace.
  private static func mayBeFollowed(_ link: String) -> Bool {
    let name = link.lastIndex(of: "/").map { link[...$0] } ?? "."
    var (status, directory) = (stat(), stat())
    guard lstat(link, &status) == 0, stat(String(name), &directory) == 0 else { return false }
    let isOpenToAll = directory.st_mode & (S_ISVTX | S_IWOTH) == S_ISVTX | S_IWOTH
    return !isOpenToAll || status.st_uid == geteuid() || status.st_uid == directory.st_uid
  }

  /// Follows the links that the path's last part is.
  private static func target(of path: String) -> String {
    var path = path
    // As many as the kernel follows.
    for _ in 0..<40 {
      guard mayBeFollowed(path),
        let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
      else {
        break
      }
      let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
      path = next.hasPrefix("/") ? next : directory + next
    }
    // To SQLite, file:name is a URI, and :memory: no file at all.
    return path.utf8.starts(with: "file:".utf8) || path.utf8.first == UInt8(ascii: ":")
      ? "./" + path : path
  }
}
