import TrustBudget

/// Reads a document's nodes as values of a wanted kind, and notes each that is of another.
///
/// A read gives nil once it has noted why, so that the reading goes on and finds whatever else is
/// wrong.
final class NodeReader {
  /// The most nodes that are read, long texts counting as several. A document without aliases never has as
  /// many; one with aliases can stand for far more than it holds.
  static let maximumVisits = YAMLTally.maximumTokens + YAMLLoader.maximumBytes / visitLength
  /// How many bytes of a text count as one more node.
  private static let visitLength = 16

  let log: DiagnosticLog
  private let document: YAMLDocument
  private var visits = 0

  init(_ document: YAMLDocument, log: DiagnosticLog) {
    self.document = document
    self.log = log
  }

  var root: YAMLNode? { node(document.root) }

  /// Reads a mapping whose keys are all among `keys`.
  ///
  /// - Parameter what: What diagnostics call the mapping: `a policy rule`.
  func fields(_ node: YAMLNode, of what: String, keys: [String]) -> Fields? {
    guard case .mapping(let pairs) = node.content else {
      mismatch(node, wanted: "a mapping", expected: "\(what) with the keys \(listing(keys))")
      return nil
    }
    var fields = Fields(what: what, span: node.span, reader: self)
    for pair in pairs {
      guard let key = self.node(pair.key) else { continue }
      guard case .scalar(let name, _) = key.content else {
        mismatch(key, wanted: "a key", expected: "one of \(listing(keys))")
        continue
      }
      let entry = Fields.Entry(key: key, value: pair.value)
      if let earlier = fields.entries[name]?.first {
        fields.entries[name]?.append(entry)
        log.error(
          "duplicate key \(VisibleText.quoted(name)) in \(what)",
          expected: "it once; it is on line \(earlier.key.span.start.line + 1) already",
          at: key.span)
      } else if !keys.contains(name) {
        log.error(
          "unknown key \(VisibleText.quoted(name)) in \(what)",
          expected: "one of \(listing(keys))",
          suggestion: Suggestion.nearest(to: name, among: keys), at: key.span)
      } else {
        fields.entries[name] = [entry]
      }
    }
    return fields
  }

  /// Reads a list, with at least one element unless it may be empty.
  ///
  /// - Parameter example: A list as it should be, for the diagnostic.
  func list<Value>(
    _ node: YAMLNode, example: String, mayBeEmpty: Bool = false, _ read: (YAMLNode) -> Value?
  ) -> [Value]? {
    guard case .list(let elements) = node.content else {
      mismatch(node, wanted: "a list", expected: "a list, for example \(example)")
      return nil
    }
    guard mayBeEmpty || !elements.isEmpty else {
      log.error(
        "found an empty list", expected: "at least one element, for example \(example)",
        at: node.span)
      return nil
    }
    return elements.compactMap { self.node($0).flatMap(read) }
  }

  /// - Returns: nil when too many nodes were read before it, or it is a scalar with a tag. A list or a mapping
  ///   with one may hold other mistakes.
  func node(_ id: YAMLNodeID) -> YAMLNode? {
    let node = document[id]
    let earlier = visits
    visits += 1
    if case .scalar(let text, _) = node.content {
      visits += text.utf8.count / NodeReader.visitLength
    }
    guard visits <= NodeReader.maximumVisits else {
      if earlier <= NodeReader.maximumVisits {
        log.error(
          "the file's aliases stand for too much",
          expected: "at most \(NodeReader.maximumVisits) values, aliases counted each time",
          at: node.span)
      }
      return nil
    }
    if let tag = node.tag {
      log.error(
        "found the YAML tag \(VisibleText.quoted(tag))", expected: "a value without a tag",
        at: node.span)
      if case .scalar = node.content { return nil }
    }
    return node
  }

  func mismatch(_ node: YAMLNode, wanted: String, expected: String) {
    log.error("found \(node.content), not \(wanted)", expected: expected, at: node.span)
  }

  private func listing(_ keys: [String]) -> String { keys.joined(separator: ", ") }
}
