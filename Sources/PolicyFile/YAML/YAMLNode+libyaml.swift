import CLibYAML

extension YAMLDocument {
  /// - Returns: nil when libyaml has come to the end of the file instead of to a document.
  init?(_ document: yaml_document_t) {
    let nodes = UnsafeBufferPointer(from: document.nodes.start, to: document.nodes.top)
    guard !nodes.isEmpty else { return nil }
    self.nodes = nodes.map(YAMLNode.init)
    // The first to begin is the one that all others are in.
    self.root = YAMLNodeID(index: 0)
  }
}

extension YAMLNode {
  init(_ node: yaml_node_t) {
    let tag = node.tag.map { String(cString: $0) }
    span = SourceSpan(from: SourceMark(node.start_mark), to: SourceMark(node.end_mark))
    switch node.type {
    case YAML_SEQUENCE_NODE:
      let items = node.data.sequence.items
      self.tag = tag == YAML_DEFAULT_SEQUENCE_TAG ? nil : tag
      content = .list(
        UnsafeBufferPointer(from: items.start, to: items.top).map(YAMLNodeID.init(number:)))
    case YAML_MAPPING_NODE:
      let pairs = node.data.mapping.pairs
      self.tag = tag == YAML_DEFAULT_MAPPING_TAG ? nil : tag
      content = .mapping(
        UnsafeBufferPointer(from: pairs.start, to: pairs.top).map {
          (YAMLNodeID(number: $0.key), YAMLNodeID(number: $0.value))
        })
    default:
      let scalar = node.data.scalar
      let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      self.tag = tag == YAML_DEFAULT_SCALAR_TAG ? nil : tag
      content = .scalar(
        String(decoding: text, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    }
  }
}

extension YAMLNodeID {
  /// libyaml numbers nodes from 1.
  fileprivate init(number: yaml_node_item_t) {
    index = Int(number) - 1
  }
}

extension UnsafeBufferPointer {
  /// A stack of libyaml's.
  fileprivate init(
    from start: UnsafeMutablePointer<Element>?, to top: UnsafeMutablePointer<Element>?
  ) {
    guard let start, let top else {
      self.init(start: nil, count: 0)
      return
    }
    self.init(start: start, count: top - start)
  }
}

extension SourceMark {
  init(_ mark: yaml_mark_t) {
    self.init(index: mark.index, line: mark.line, column: mark.column)
  }
}
