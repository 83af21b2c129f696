import Glibc

/// Why a private PostgreSQL could not be started, in words that say what to do about it.
package struct PrivatePostgresError: Error, Sendable, CustomStringConvertible {
  /// What went wrong, for people. Holds the end of the server's log where there is one.
  package let description: String

  init(_ description: String) {
    self.description = description
  }

  /// The failure of a system call, with the call's purpose: `can't open /x: Permission denied`.
  static func system(_ purpose: String, code: Int32) -> PrivatePostgresError {
    PrivatePostgresError("\(purpose): \(String(cString: strerror(code)))")
  }
}
