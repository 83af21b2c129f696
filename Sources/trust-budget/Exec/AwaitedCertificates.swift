import Foundation

/// Files that a signing command may write, as they were before it ran: a file that was there already
/// is some earlier attempt's.
struct AwaitedCertificates {
  private let before: [(path: String, state: State?)]

  init(_ paths: [String]) {
    before = paths.map { ($0, State($0)) }
  }

  /// Those that have been written since, each once, by the first of its names.
  var written: [String] {
    var known: Set<State> = []
    return before.compactMap { path, state in
      guard let now = State(path), now != state, known.insert(now).inserted else { return nil }
      return path
    }
  }

  /// What a write or a rename changes, whatever time the file pretends to be of.
  private struct State: Hashable {
    let device: dev_t
    let inode: ino_t
    let seconds: Int
    let nanoseconds: Int

    /// - Returns: nil where there is no file.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      inode = status.st_ino
      seconds = status.st_ctim.tv_sec
      nanoseconds = status.st_ctim.tv_nsec
    }
  }
}
