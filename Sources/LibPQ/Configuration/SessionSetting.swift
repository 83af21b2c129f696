/// A setting of a session.
struct SessionSetting {
  let name: String
  let value: String
  /// Whether a server that does not know it goes without.
  let isOptional: Bool

  init(_ name: String, _ value: String, isOptional: Bool = false) {
    self.name = name
    self.value = value
    self.isOptional = isOptional
  }

  /// A limit; nil where there is none to set.
  init?(_ name: String, _ limit: Duration?, isOptional: Bool = false) {
    guard let limit else { return nil }
    // 0 would mean no limit: what is shorter than a millisecond is one.
    self.init(name, "\(max(limit.pollMilliseconds, 1))ms", isOptional: isOptional)
  }
}
