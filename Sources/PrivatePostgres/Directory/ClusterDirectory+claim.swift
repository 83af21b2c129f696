import Foundation

extension ClusterDirectory {
  /// Makes the directory if needed, and takes it for this process.
  ///
  /// A server that an earlier, dead process left running there is stopped.
  ///
  /// - Throws: ``PrivatePostgresError`` if another process has it, or it can't be made.
  static func claim(
    _ wanted: URL, for account: ServerAccount, ephemeral: Bool, timeout: Duration
  ) throws -> ClusterDirectory {
    let deadline = ContinuousClock.now + timeout
    while true {
      let (path, link) = try makeDirectory(wanted.standardizedFileURL.path, for: account)
      // Nil when the supervisor of an earlier run has just removed the directory.
      guard let lock = try DirectoryLock.acquire(in: path, deadline: deadline) else { continue }
      let directory = ClusterDirectory(
        path: path, link: link, isEphemeral: ephemeral, lock: lock)
      try directory.stopLeftover(deadline: deadline)
      return directory
    }
  }

  /// - Returns: The real directory, and the link to it where the wanted place became one.
  private static func makeDirectory(
    _ wanted: String, for account: ServerAccount
  ) throws -> (path: String, link: String?) {
    try create(wanted, mode: account.isSomebodyElse ? 0o755 : 0o700)
    if !account.isSomebodyElse || account.canReach(wanted) {
      let real = URL(filePath: wanted).resolvingSymlinksInPath().path
      return (real, real == wanted ? nil : wanted)
    }
    let reachable = "/var/lib/trust-budget/\(PathDigest.of(wanted))"
    try create(reachable, mode: 0o755)
    guard account.canReach(reachable) else {
      throw PrivatePostgresError("the server's user can reach neither \(wanted) nor \(reachable)")
    }
    // Only an empty directory gives way to the link.
    guard rmdir(wanted) == 0 || errno == ENOTDIR else {
      throw PrivatePostgresError.system(
        "the server's user can't reach \(wanted), and it can't become a link to a place which "
          + "that user can reach", code: errno)
    }
    unlink(wanted)
    guard symlink(reachable, wanted) == 0 else {
      throw PrivatePostgresError.system("can't make \(wanted)", code: errno)
    }
    return (reachable, wanted)
  }

  private static func create(_ path: String, mode: mode_t) throws {
    guard access(path, F_OK) != 0 else { return }
    unlink(path)  // a link that leads nowhere, left by an ephemeral cluster
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw PrivatePostgresError("can't make the directory \(path): \(error)")
    }
    chmod(path, mode)
  }

  /// Stops a server whose supervisor was killed as well, and forgets one that is long gone.
  private func stopLeftover(deadline: ContinuousClock.Instant) throws {
    guard let file = postmasterFile else { return }
    let gentle = ContinuousClock.now + .seconds(10)
    while file.isAlive(on: dataDirectory) {
      let now = ContinuousClock.now
      guard now < deadline else {
        throw PrivatePostgresError(
          "a server from an earlier run, process \(file.processIdentifier), doesn't stop")
      }
      kill(file.processIdentifier, now < gentle ? SIGINT : SIGQUIT)
      usleep(20_000)
    }
    // From before a reboot, its number now somebody else's: the server would take that for its twin.
    // Otherwise the file stays, since by it the server knows of children that outlived a crash.
    if kill(file.processIdentifier, 0) == 0 { unlink("\(dataDirectory)/postmaster.pid") }
  }
}
