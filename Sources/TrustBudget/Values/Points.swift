/// An amount of budget points: a cost, or an initial balance.
///
/// Whole numbers from 0 to 2^53 - 1, so that every JSON reader sees them exactly.
package struct Points: Hashable, Comparable, Sendable {
  /// The largest amount: 2^53 - 1.
  package static let maximum: Int64 = (1 << 53) - 1

  package let value: Int64

  /// - Throws: `InvalidValue` outside 0 … 2^53 - 1.
  package init(_ value: Int64) throws(InvalidValue) {
    guard (0...Points.maximum).contains(value) else {
      throw InvalidValue("must be a whole number from 0 to \(Points.maximum)")
    }
    self.value = value
  }

  private init(unchecked value: Int64) {
    self.value = value
  }

  package static let zero = Points(unchecked: 0)
  package static let one = Points(unchecked: 1)
  /// The allocation of a budget whose policy names none.
  package static let defaultInitialBalance = Points(unchecked: 100)

  package static func < (a: Points, b: Points) -> Bool { a.value < b.value }
}

extension Points: CustomStringConvertible {
  /// `1 point`, `2 points`.
  package var description: String { value == 1 ? "1 point" : "\(value) points" }
}
