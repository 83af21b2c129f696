import CLibYAML

/// Reads a YAML document with libyaml. Nothing of C leaves this folder.
enum YAMLLoader {
  typealias Parser = UnsafeMutablePointer<yaml_parser_t>

  /// The largest file that is read.
  static let maximumBytes = 1 << 20

  /// Reads the first document of a file. What keeps the file from being one document is noted, and the
  /// first is of use nevertheless: it may hold other mistakes.
  ///
  /// - Returns: nil when there is nothing in the file, or none of it can be read.
  static func load(_ source: SourceText, log: DiagnosticLog) -> YAMLDocument? {
    var document: YAMLDocument?
    do throws(YAMLError) {
      try load(source, into: &document)
    } catch {
      log.error(error.message, expected: error.expected, at: error.span)
    }
    return document
  }

  private static func load(
    _ source: SourceText, into document: inout YAMLDocument?
  ) throws(YAMLError) {
    guard source.bytes.count <= maximumBytes else {
      throw YAMLError(
        message: "the file is too large",
        expected: "at most \(maximumBytes) bytes (1 MiB)", span: .beginning)
    }
    // libyaml asserts that its input has an address, and the empty array need not have one.
    guard !source.bytes.isEmpty else { return }
    try withParser(over: source) { (parser) throws(YAMLError) in
      try checkSize(parser)
    }
    try withParser(over: source) { (parser) throws(YAMLError) in
      document = try nextDocument(parser, source)
      guard document != nil, let another = try nextDocument(parser, source) else { return }
      throw YAMLError(
        message: "a second document begins here", expected: "one document in a file",
        span: another[another.root].span)
    }
  }

  private static func withParser<Result>(
    over source: SourceText, _ body: (Parser) throws(YAMLError) -> Result
  ) throws(YAMLError) -> Result {
    // On the heap, because libyaml keeps the parser's own address in it.
    let parser = Parser.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else { throw .outOfMemory }
    defer { yaml_parser_delete(parser) }
    return try source.bytes.withUnsafeBufferPointer { (bytes) throws(YAMLError) in
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
      return try body(parser)
    }
  }

  /// Runs over the tokens, which takes little time and memory, before anything is made of them.
  /// Mistakes are left for the loader to find.
  private static func checkSize(_ parser: Parser) throws(YAMLError) {
    var tally = YAMLTally()
    var token = yaml_token_t()
    while yaml_parser_scan(parser, &token) == 1 {
      defer { yaml_token_delete(&token) }
      guard token.type != YAML_STREAM_END_TOKEN else { return }
      tally.count(token.type)
      if let excess = tally.excess {
        throw YAMLError(
          message: "a file like this holds at most \(excess)",
          span: SourceSpan(at: SourceMark(token.start_mark)))
      }
    }
  }

  private static func nextDocument(
    _ parser: Parser, _ source: SourceText
  ) throws(YAMLError) -> YAMLDocument? {
    var document = yaml_document_t()
    guard yaml_parser_load(parser, &document) == 1 else { throw YAMLError(parser.pointee, source) }
    defer { yaml_document_delete(&document) }
    return YAMLDocument(document)
  }
}
