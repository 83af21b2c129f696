/// A place in a file, as libyaml counts: everything from 0, in Unicode scalars.
struct SourceMark: Hashable, Sendable {
  /// From the beginning of the file.
  let index: Int
  let line: Int
  let column: Int

  static let beginning = SourceMark(index: 0, line: 0, column: 0)
}

/// A stretch of one line of a file.
struct SourceSpan: Hashable, Sendable {
  let start: SourceMark
  let length: Int

  static let beginning = SourceSpan(at: .beginning)

  init(at mark: SourceMark) {
    start = mark
    length = 1
  }

  /// What goes on over more than one line is marked where it starts.
  init(from start: SourceMark, to end: SourceMark) {
    self.start = start
    length = start.line == end.line ? max(1, end.index - start.index) : 1
  }
}
