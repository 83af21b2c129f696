import TrustBudget

/// A row's place in its chain.
package struct TrailPlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let chain: TrailChain
  package let sequence: Int64

  package static func < (a: TrailPlace, b: TrailPlace) -> Bool {
    (a.chain.name, a.sequence) < (b.chain.name, b.sequence)
  }

  package var description: String { "\(chain) \(chain.rowName) \(sequence)" }
}
