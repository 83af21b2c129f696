import Foundation

/// Files that a signing command may write, as they were before it ran: a file that was there already
/// is some earlier attempt's.
struct AwaitedCertificates {
  private let before: [(path: String, state: State?)]

  init(_ paths: [String]) {
    before = paths.map { ($0, State($0)) }
  }

  /// Those that have been written since.
  var written: [String] {
    before.filter { path, state in State(path).map { $0 != state } ?? false }.map(\.path)
  }

  /// What a write or a rename changes, whatever time the file pretends to be of.
  private struct State: Equatable {
    let inode: ino_t
    let seconds: Int
    let nanoseconds: Int

    /// - Returns: nil where there is no file.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      inode = status.st_ino
      seconds = status.st_ctim.tv_sec
      nanoseconds = status.st_ctim.tv_nsec
    }
  }
}
