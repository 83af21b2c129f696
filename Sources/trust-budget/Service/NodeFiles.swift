import ClaimedFile

/// The files of one node, by the options that name them.
struct NodeFiles {
  /// What it writes as long as it runs, with what it keeps beside them.
  var data: [(option: String, path: String)] = []
  /// What it reads, or listens at.
  private var others: [(option: String, path: String)] = []

  init(auditFile: String?, breakGlassJournal: String?, others: [(option: String, path: String?)]) {
    for (option, path) in [
      ("--audit-file", auditFile), ("--break-glass-journal", breakGlassJournal),
    ] {
      if let path { data.append((option, path)) }
    }
    let configuration = ("--config", Configuration.current.path)
    for (option, path) in others + [configuration] {
      if let path { self.others.append((option, path)) }
    }
  }

  /// Why a node cannot write where its options say; nil: it can. What it writes would be the end of the
  /// other file, or what lies beside that would be taken for its own.
  var problem: String? {
    for (index, file) in data.enumerated() {
      for other in data[(index + 1)...] + others {
        if ClaimedFile.isSamePlace(file.path, other.path) {
          return "\(file.option) and \(other.option) must be two files"
        }
        for (one, another) in [(file, other), (other, file)]
        where NodeFiles.isKept(one.path, beside: another.path) {
          return
            "\(one.option) must not be \(one.path): \(another.option) keeps a file of that name beside "
            + "its own"
        }
      }
    }
    return nil
  }

  private static func isKept(_ path: String, beside other: String) -> Bool {
    ClaimedFile.owner(ofWhatIsBeside: path).map { ClaimedFile.isSamePlace($0, other) } ?? false
  }
}
