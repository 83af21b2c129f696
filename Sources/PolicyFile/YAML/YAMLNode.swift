/// A value in a YAML document, and where it stands.
struct YAMLNode: Sendable {
  enum Content: Sendable {
    /// `isPlain`: written without quotes, so that `5`, `true` and nothing at all are not text.
    case scalar(String, isPlain: Bool)
    case list([YAMLNodeID])
    case mapping([(key: YAMLNodeID, value: YAMLNodeID)])
  }

  let content: Content
  /// nil: none, or the one that goes without saying.
  let tag: String?
  let span: SourceSpan
}

/// Names a node in its document. An alias is the name of the node that it stands for, so a document
/// is a graph: it may be far larger to walk than it is to hold, and it may have no end.
struct YAMLNodeID: Hashable, Sendable {
  let index: Int
}

/// The nodes of one document, in the order in which they begin.
struct YAMLDocument: Sendable {
  let nodes: [YAMLNode]
  let root: YAMLNodeID

  subscript(id: YAMLNodeID) -> YAMLNode { nodes[id.index] }
}
