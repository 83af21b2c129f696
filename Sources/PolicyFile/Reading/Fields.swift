/// The values of a mapping, by their keys.
struct Fields {
  struct Entry {
    let key: YAMLNode
    let value: YAMLNodeID
  }

  /// What diagnostics call the mapping: `a policy rule`.
  let what: String
  let span: SourceSpan
  let reader: NodeReader
  /// Known keys only. More than one entry is a mistake, and noted: the first counts.
  var entries: [String: [Entry]] = [:]

  func has(_ key: String) -> Bool { entries[key] != nil }

  /// Where to point for something about the value of `key`.
  func span(of key: String) -> SourceSpan { entries[key]?.first?.key.span ?? span }

  /// - Returns: nil when the key is missing, and when its value is wrong, which is noted then.
  func optional<Value>(_ key: String, _ read: (YAMLNode) -> Value?) -> Value? {
    // All of them, for the mistakes in them.
    entries[key]?.map { reader.node($0.value).flatMap(read) }.first ?? nil
  }

  /// - Returns: `standard` when the key is missing; nil when its value is wrong, which is noted then.
  func value<Value>(
    _ key: String, or standard: Value?, _ read: (YAMLNode) -> Value?
  ) -> Value? {
    has(key) ? optional(key, read) : standard
  }

  /// - Returns: nil when the key is missing or its value is wrong; either is noted.
  func required<Value>(
    _ key: String, example: String, _ read: (YAMLNode) -> Value?
  ) -> Value? {
    if !has(key) {
      reader.log.error("\(what) has no \"\(key)\"", expected: "\(key): \(example)", at: span)
    }
    return optional(key, read)
  }
}
