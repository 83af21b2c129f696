import CLibYAML

/// Counts what would make a small file costly to load.
struct YAMLTally {
  /// The most tokens in a file, which bounds the memory that its nodes take.
  static let maximumTokens = 250_000
  /// The most anchors, aliases and directives. libyaml looks each of them up in a list, so a file
  /// of little else would take a time of its square.
  static let maximumReferences = 10_000
  /// The deepest nesting. libyaml 0.2.5 has no limit, and goes through all levels at every token.
  static let maximumDepth = 100

  private var tokens = 0
  private var references = 0
  private var depth = 0

  mutating func count(_ token: yaml_token_type_t) {
    tokens += 1
    switch token {
    case YAML_ANCHOR_TOKEN, YAML_ALIAS_TOKEN, YAML_TAG_DIRECTIVE_TOKEN: references += 1
    case YAML_FLOW_SEQUENCE_START_TOKEN, YAML_FLOW_MAPPING_START_TOKEN,
      YAML_BLOCK_SEQUENCE_START_TOKEN, YAML_BLOCK_MAPPING_START_TOKEN:
      depth += 1
    case YAML_FLOW_SEQUENCE_END_TOKEN, YAML_FLOW_MAPPING_END_TOKEN, YAML_BLOCK_END_TOKEN:
      depth -= 1
    default: break
    }
  }

  /// The limit that was passed, if one was.
  var excess: String? {
    if tokens > YAMLTally.maximumTokens { return "\(YAMLTally.maximumTokens) YAML tokens" }
    if references > YAMLTally.maximumReferences {
      return "\(YAMLTally.maximumReferences) anchors and aliases"
    }
    return depth > YAMLTally.maximumDepth ? "\(YAMLTally.maximumDepth) levels of nesting" : nil
  }
}
