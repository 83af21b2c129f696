import Glibc

/// How many files, connections among them, this process may have open.
enum FileLimit {
  /// What the process needs besides its callers' connections.
  static let reserve = 256

  /// Raises the limit to the most that the system lets it have.
  ///
  /// - Returns: what it is then.
  static func raise() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
