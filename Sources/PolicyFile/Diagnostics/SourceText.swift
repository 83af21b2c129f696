/// The text of a file that people write, for showing the lines that diagnostics are about.
struct SourceText: Sendable {
  struct Excerpt {
    let line: String
    /// Where the offending text stands in `line`, in characters from 0.
    let marked: Range<Int>
  }

  let fileName: String
  /// The file's bytes without the byte order mark, if it had one.
  let bytes: [UInt8]
  /// libyaml's positions are indices of these. Decoded only when there is something to show.
  private lazy var scalars = SourceText.scalars(in: bytes.prefix(YAMLLoader.maximumBytes))
  /// Whether lines may hold a password, by where they begin: a long one is read once.
  private var secretLines: [Int: Bool] = [:]

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  /// The most characters of a line that are shown, and of those before the offending text.
  private static let maximumWidth = 100
  private static let maximumLead = 60

  init(bytes: [UInt8], fileName: String) {
    self.fileName = fileName
    self.bytes = bytes.starts(with: SourceText.byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// The line that `span` is in, cut to what fits around it.
  mutating func excerpt(around span: SourceSpan) -> Excerpt {
    let mark = min(span.start.index, scalars.count)
    let lineStart = max(0, mark - span.start.column)
    let start = max(lineStart, mark - SourceText.maximumLead)
    var end = mark
    while end < scalars.count, end - start < SourceText.maximumWidth,
      !SourceText.isLineBreak(scalars[end])
    {
      end += 1
    }
    let isCut = end < scalars.count && !SourceText.isLineBreak(scalars[end])
    let lead = start > lineStart ? "…" : ""
    let offset = mark - start + lead.count
    return Excerpt(
      line: lead + VisibleText.line(scalars[start..<end]) + (isCut ? "…" : ""),
      marked: offset..<(offset + max(1, min(span.length, end - mark))))
  }

  /// Whether the line that `span` is in may hold a password, in whatever part of it.
  mutating func mayHoldSecret(onLineOf span: SourceSpan) -> Bool {
    let mark = min(span.start.index, scalars.count)
    let start = max(0, mark - span.start.column)
    if let known = secretLines[start] { return known }
    let end = scalars[mark...].firstIndex(where: SourceText.isLineBreak) ?? scalars.count
    var line = ""
    line.unicodeScalars.append(contentsOf: scalars[start..<end])
    let mayHold = SecretText.mayBe(in: line)
    secretLines[start] = mayHold
    return mayHold
  }

  /// Where a byte stands, for the one mistake that libyaml does not give a mark for.
  func mark(atByte offset: Int) -> SourceMark {
    let before = SourceText.scalars(in: bytes.prefix(offset))
    let lineStart = before.lastIndex(where: SourceText.isLineBreak).map { $0 + 1 } ?? 0
    var line = 0
    for (index, scalar) in before.enumerated() where SourceText.isLineBreak(scalar) {
      // CR LF is one break.
      if scalar != "\n" || index == 0 || before[index - 1] != "\r" { line += 1 }
    }
    return SourceMark(index: before.count, line: line, column: before.count - lineStart)
  }

  private static func scalars(in bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
    Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
  }

  /// What YAML 1.1 calls a line break.
  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }
}
