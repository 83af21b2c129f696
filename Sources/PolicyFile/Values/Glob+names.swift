// What is certain of a pattern and of all names that a template can give, in a time of their lengths: a file can
// stand for very many pairs of them.
extension Glob {
  /// Whether it is certain to match every name of `template`'s.
  func matchesEveryName(of template: BudgetIDTemplate) -> Bool {
    let shape = template.shape
    let endsOpen = elements.last == .anyRun
    let fixed = endsOpen ? elements.dropLast() : elements[...]
    guard endsOpen ? shape.count >= fixed.count : shape.count == fixed.count else { return false }
    return zip(shape, fixed).allSatisfy { scalar, element in scalar.map(element.accepts) ?? false }
  }

  /// Whether it is certain to match no name of `template`'s.
  func matchesNoName(of template: BudgetIDTemplate) -> Bool {
    let shape = template.shape
    return !Glob.canBegin(elements, shape) || !Glob.canBegin(elements.reversed(), shape.reversed())
      || Glob.separators.contains { separator in
        // Those that values cannot give.
        elements.count { $0 == .literal(separator) } > shape.count { $0 == separator }
      }
  }

  private static let separators: [Unicode.Scalar] = [":", "/"]

  /// Whether both agree as far as each element stands for one character of its own.
  private static func canBegin(
    _ elements: some Sequence<Element>, _ shape: some Sequence<Unicode.Scalar?>
  ) -> Bool {
    var elements = elements.makeIterator()
    for scalar in shape {
      guard let element = elements.next() else { return false }
      if element == .anyRun { return true }
      guard let scalar else { return !separators.contains { element == .literal($0) } }
      guard element.accepts(scalar) else { return false }
    }
    return elements.next().map { $0 == .anyRun } ?? true
  }
}
