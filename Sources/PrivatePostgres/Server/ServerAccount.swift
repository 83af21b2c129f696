import Foundation

/// The operating system's user that the server runs as: PostgreSQL refuses to run as root.
struct ServerAccount: Sendable {
  let userID: UInt32
  let groupID: UInt32
  /// What to put before a command so that it runs as this user; empty if that is us already.
  let commandPrefix: [String]

  /// Whether this process is root and the server runs as somebody else.
  var isSomebodyElse: Bool { !commandPrefix.isEmpty }

  static func current() throws -> ServerAccount {
    guard geteuid() == 0 else {
      return ServerAccount(userID: geteuid(), groupID: getegid(), commandPrefix: [])
    }
    guard let (user, group) = lookUp("postgres") ?? lookUp("nobody") else {
      throw PrivatePostgresError(
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
    }
    guard let setpriv = ServerPrograms.inPath("setpriv") else {
      throw PrivatePostgresError(
        "PostgreSQL refuses to run as root, and setpriv, which would run it as another user, "
          + "is missing: install it (apt-get install util-linux), or run as another user")
    }
    return ServerAccount(
      userID: user, groupID: group,
      commandPrefix: [setpriv, "--reuid=\(user)", "--regid=\(group)", "--clear-groups"])
  }

  /// Whether this user may enter `directory` and all that lead to it, going by their modes.
  func canReach(_ directory: String) -> Bool {
    var path = URL(filePath: directory).resolvingSymlinksInPath()
    while true {
      var status = stat()
      guard stat(path.path, &status) == 0 else { return false }
      let needed: mode_t =
        status.st_uid == userID
        ? S_IXUSR : status.st_gid == groupID ? S_IXGRP : S_IXOTH
      guard status.st_mode & needed != 0 else { return false }
      guard path.path != "/" else { return true }
      path.deleteLastPathComponent()
    }
  }

  private static func lookUp(_ name: String) -> (user: UInt32, group: UInt32)? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    let result = getpwnam_r(name, &entry, &buffer, buffer.count, &found)
    guard result == 0, found != nil else { return nil }
    return (entry.pw_uid, entry.pw_gid)
  }
}
