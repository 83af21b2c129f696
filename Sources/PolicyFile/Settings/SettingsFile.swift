import TrustBudget

/// What a host says of its node and its callers once, in a file: `lanes: 8`.
package struct SettingsFile: Sendable {
  /// The largest file that is read.
  package static let maximumBytes = YAMLLoader.maximumBytes

  /// How a value is written.
  package enum Kind: Sendable {
    case text
    case wholeNumber
    case number
    /// `true` or `false`.
    case truth
  }

  /// Something that a file may say.
  package struct Key: Sendable {
    package let name: String
    package let kind: Kind
    /// Whether a value will do.
    package let check: @Sendable (String) throws(InvalidValue) -> Void
    /// Whether a value must not be read by everybody.
    package let isSecret: @Sendable (String) -> Bool

    package init(
      _ name: String, _ kind: Kind, isSecret: @escaping @Sendable (String) -> Bool,
      check: @escaping @Sendable (String) throws(InvalidValue) -> Void
    ) {
      self.name = name
      self.kind = kind
      self.isSecret = isSecret
      self.check = check
    }
  }

  /// What a file says, as it is written there.
  package struct Value: Sendable {
    package let text: String
    /// From 1.
    package let line: Int
  }

  /// By their keys' names.
  package let values: [String: Value]

  /// Reads the file. One that says nothing is as good as none.
  ///
  /// - Parameters:
  ///   - yaml: the file's bytes: UTF-8, at most 1 MiB.
  ///   - fileName: what diagnostics call the file.
  ///   - isPublic: whether everybody may read the file.
  /// - Throws: everything that is wrong with the file, at once, without the lines themselves.
  package init(
    yaml: [UInt8], fileName: String, keys: [Key], isPublic: Bool
  ) throws(FileDiagnostics) {
    let source = SourceText(bytes: yaml, fileName: fileName)
    let log = DiagnosticLog(source: source)
    values = SettingsReader.read(source, keys: keys, isPublic: isPublic, log: log)
    guard !log.hasErrors else { throw log.diagnostics.withoutSource }
  }
}

/// Reads a document as settings.
private struct SettingsReader {
  let reader: NodeReader
  let isPublic: Bool

  static func read(
    _ source: SourceText, keys: [SettingsFile.Key], isPublic: Bool, log: DiagnosticLog
  ) -> [String: SettingsFile.Value] {
    guard let document = YAMLLoader.load(source, log: log) else { return [:] }
    let reader = NodeReader(document, log: log)
    return reader.root.map { SettingsReader(reader: reader, isPublic: isPublic).values($0, keys) }
      ?? [:]
  }

  private func values(
    _ node: YAMLNode, _ keys: [SettingsFile.Key]
  ) -> [String: SettingsFile.Value] {
    guard let fields = reader.fields(node, of: "the configuration", keys: keys.map(\.name)) else {
      return [:]
    }
    var values: [String: SettingsFile.Value] = [:]
    for key in keys {
      values[key.name] = fields.optional(key.name) { node in
        value(node, of: key).map { .init(text: $0, line: fields.span(of: key.name).start.line + 1) }
      }
    }
    return values
  }

  private func value(_ node: YAMLNode, of key: SettingsFile.Key) -> String? {
    guard let text = text(node, as: key.kind) else { return nil }
    do {
      try key.check(text)
    } catch {
      // Without the value: it may be a secret.
      reader.log.error("\(key.name) \(error.requirement)", at: node.span)
      return nil
    }
    if isPublic, key.isSecret(text) {
      reader.log.error(
        "\(key.name) holds a password, and everybody may read this file",
        expected: "the password in a password file, or a file for its user alone: chmod o-rwx",
        at: node.span)
    }
    return text
  }

  private func text(_ node: YAMLNode, as kind: SettingsFile.Kind) -> String? {
    switch kind {
    case .text: reader.text(node)
    case .wholeNumber: reader.wholeNumber(node).map { "\($0)" }
    case .number: reader.number(node).flatMap { _ in node.content.text }
    case .truth: reader.truth(node).map { "\($0)" }
    }
  }
}

extension NodeReader {
  /// Reads `true` or `false`, without quotes.
  fileprivate func truth(_ node: YAMLNode) -> Bool? {
    guard case .scalar(let text, isPlain: true) = node.content, let truth = Bool(text) else {
      mismatch(node, wanted: "true or false", expected: "true or false, without quotes")
      return nil
    }
    return truth
  }
}

extension YAMLNode.Content {
  /// As it is written; nil for what is more than one value.
  fileprivate var text: String? {
    guard case .scalar(let text, _) = self else { return nil }
    return text
  }
}

extension FileDiagnostics {
  /// Places and reasons alone: what stands in the lines of such a file may be a password, however it is
  /// misspelt.
  fileprivate var withoutSource: FileDiagnostics {
    FileDiagnostics(
      all: all.map {
        FileDiagnostic(
          severity: $0.severity, file: $0.file, line: $0.line, column: $0.column,
          message: $0.message, expected: $0.expected, suggestion: $0.suggestion, sourceLine: "",
          marked: 0..<0)
      }, omittedCount: omittedCount)
  }
}
