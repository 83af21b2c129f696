import ClaimedFile

/// Files that a signing command may write, as they were before it ran: a file that was there already
/// is some earlier attempt's.
struct AwaitedCertificates {
  private let before: [(path: String, state: ChangeStamp?)]

  init(_ paths: [String]) {
    before = paths.map { ($0, ChangeStamp($0)) }
  }

  /// Those that have been written since, each once, by the first of its names.
  var written: [String] {
    var known: Set<ChangeStamp> = []
    return before.compactMap { path, state in
      guard let now = ChangeStamp(path), now != state, known.insert(now).inserted else {
        return nil
      }
      return path
    }
  }
}
