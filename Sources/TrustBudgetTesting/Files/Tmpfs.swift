import Foundation

/// A disk of a megabyte or so.
package enum Tmpfs {
  /// Root, and where mounting is allowed.
  package static let isPossible: Bool = {
    guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
    defer { directory.remove() }
    guard (try? mount(directory.path, kilobytes: 64)) != nil else { return false }
    unmount(directory.path)
    return true
  }()

  package static func mount(_ path: String, kilobytes: Int, again: Bool = false) throws {
    let flags = again ? UInt(MS_REMOUNT) : 0
    guard Glibc.mount("tmpfs", path, "tmpfs", flags, "size=\(kilobytes)k") == 0 else {
      throw TestFailure("cannot mount \(path): \(String(cString: strerror(errno)))")
    }
  }

  package static func forbidWriting(_ path: String) throws {
    guard Glibc.mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
      throw TestFailure("cannot remount \(path): \(String(cString: strerror(errno)))")
    }
  }

  package static func unmount(_ path: String) { umount2(path, Int32(MNT_DETACH)) }
}
