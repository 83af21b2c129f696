/// What a verification of a trail has found.
package struct TrailReport: Hashable, Sendable {
  /// No more than so many faults are kept; the rest is counted.
  package static let keptFaults = 1_000

  package var entries: Int64 = 0
  package var budgets: Int64 = 0
  /// Break-glass events.
  package var events: Int64 = 0
  package var journals: Int64 = 0
  /// Rows whose predecessor is not in the file, so that their hash cannot be checked: of a part of the trail,
  /// or of a file in which it is still awaited.
  package var unverifiable: Int64 = 0
  /// The first fault of each budget and of each journal, and those of the whole trail.
  package private(set) var faults: [TrailFault] = []
  package private(set) var faultCount = 0

  package init() {}

  package var isSound: Bool { faultCount == 0 }

  package mutating func add(_ fault: TrailFault) {
    faultCount += 1
    if faults.count < TrailReport.keptFaults { faults.append(fault) }
  }
}
