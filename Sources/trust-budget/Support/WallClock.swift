import Foundation
import TrustBudget

extension Timestamp {
  /// The time by this machine's clock. Only the command line asks for it; what the ledger decides,
  /// it decides by the database's.
  static func wallClock() -> Timestamp {
    Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
  }
}
