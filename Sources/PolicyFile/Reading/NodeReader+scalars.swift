import TrustBudget

extension NodeReader {
  /// Reads text. What has no quotes and is something else to YAML is refused.
  func text(_ node: YAMLNode) -> String? {
    guard case .scalar(let text, _) = node.content else {
      mismatch(node, wanted: "text", expected: "one text")
      return nil
    }
    switch node.content.kind {
    case .text:
      return text
    case .boolean, .number:
      let quoted = VisibleText.quoted(text)
      mismatch(node, wanted: "text", expected: "text; put it in quotes: \(quoted)")
    case .nothing, .list, .mapping:
      mismatch(node, wanted: "text", expected: "text")
    }
    return nil
  }

  /// Reads text, and makes a value of it.
  func value<Value>(
    _ node: YAMLNode, _ parse: (String) throws(InvalidValue) -> Value
  ) -> Value? {
    text(node).flatMap { text in
      checked(node) { () throws(InvalidValue) in try parse(text) }
    }
  }

  /// Reads one of the texts that stand for the cases of an enumeration.
  func choice<Value>(_ node: YAMLNode) -> Value?
  where Value: RawRepresentable<String> & CaseIterable {
    var text: String?
    if case .scalar(let scalar, _) = node.content { text = scalar }
    if node.content.kind == .text, let value = text.flatMap(Value.init(rawValue:)) { return value }
    let known = Value.allCases.map(\.rawValue)
    log.error(
      "found \(node.content)", expected: "one of \(known.joined(separator: ", "))",
      suggestion: text.flatMap { Suggestion.nearest(to: $0, among: known) }, at: node.span)
    return nil
  }

  /// Reads a whole number without quotes. One that does not fit is the largest or the smallest there is,
  /// which is beyond every limit.
  func wholeNumber(_ node: YAMLNode) -> Int64? {
    guard isDecimal(node) else { return nil }
    guard case .scalar(let text, isPlain: true) = node.content,
      text.wholeMatch(of: /0|-?[1-9][0-9]*/) != nil
    else {
      mismatch(
        node, wanted: "a whole number", expected: "a whole number such as 10, without quotes")
      return nil
    }
    return Int64(text) ?? (text.hasPrefix("-") ? .min : .max)
  }

  /// Reads a number, with or without a fraction, without quotes.
  func number(_ node: YAMLNode) -> Double? {
    guard isDecimal(node) else { return nil }
    guard case .scalar(let text, isPlain: true) = node.content,
      text.utf8.allSatisfy("0123456789.+-eE".utf8.contains), let number = Double(text)
    else {
      mismatch(node, wanted: "a number", expected: "a number such as 24 or 0.5, without quotes")
      return nil
    }
    return number
  }

  /// Notes a number with a zero in front: YAML 1.1 reads 010 as eight.
  func isDecimal(_ node: YAMLNode) -> Bool {
    guard case .scalar(let text, isPlain: true) = node.content,
      text.prefixMatch(of: /[+-]?0[0-9]/) != nil, node.content.kind == .number
    else { return true }
    mismatch(
      node, wanted: "a decimal number",
      expected: "a number without a zero in front, which makes it octal to some programs")
    return false
  }

  /// Notes what a value's own rules say against it.
  func checked<Value>(_ node: YAMLNode, _ make: () throws(InvalidValue) -> Value) -> Value? {
    do {
      return try make()
    } catch {
      log.error("\(node.content) \(error.requirement)", at: node.span)
      return nil
    }
  }
}
