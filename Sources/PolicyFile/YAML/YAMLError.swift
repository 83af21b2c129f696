import CLibYAML

/// Why a file is not a YAML document that could be read.
struct YAMLError: Error, Sendable {
  let message: String
  var expected: String?
  let span: SourceSpan

  static let outOfMemory = YAMLError(message: "out of memory", span: .beginning)
}

extension YAMLError {
  /// What libyaml says, at the place that it says it of.
  init(_ parser: yaml_parser_t, _ source: SourceText) {
    let problem = parser.problem.map { String(cString: $0) } ?? "the file can't be read"
    switch parser.error {
    case YAML_MEMORY_ERROR:
      self = .outOfMemory
    case YAML_READER_ERROR:
      self.init(
        message: "\(problem) (byte \(parser.problem_offset + 1) of the file)",
        expected: "text in UTF-8 without control characters",
        span: SourceSpan(at: source.mark(atByte: parser.problem_offset)))
    default:
      let context = parser.context.map { String(cString: $0) }
      let mark = SourceMark(parser.problem_mark)
      self.init(
        message: "not valid YAML: \(problem)"
          + YAMLError.describe(context, since: SourceMark(parser.context_mark), at: mark),
        expected: YAMLError.remedy(for: problem, context),
        span: SourceSpan(at: mark))
    }
  }

  private static func describe(
    _ context: String?, since start: SourceMark, at mark: SourceMark
  ) -> String {
    guard let context else { return "" }
    return start.line == mark.line ? ", \(context)" : ", \(context) from line \(start.line + 1) on"
  }

  /// What usually helps, for the slips that people make.
  private static func remedy(for problem: String, _ context: String?) -> String? {
    switch (problem, context) {
    case (_, "while scanning an alias"), ("found undefined alias", _):
      #"quotes around text that begins with "*", for example ["*"]"#
    case ("found character that cannot start any token", _):
      #"spaces instead of tabs, and quotes around text that begins with "@", "%" or "`""#
    case ("mapping values are not allowed in this context", _):
      #"indentation that lines up, and quotes around text that holds ": ""#
    case ("did not find expected key", _):
      "indentation that lines up with the lines before"
    default:
      nil
    }
  }
}
