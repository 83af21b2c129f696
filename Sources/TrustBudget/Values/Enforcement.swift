/// Whether an exhausted budget refuses, or only records that it would have.
package enum Enforcement: String, Hashable, Sendable, CaseIterable {
  case enforce
  case observe
}
