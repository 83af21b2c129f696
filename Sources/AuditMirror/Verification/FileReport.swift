import TrustBudget

/// Something wrong with a file, and where.
package struct FileFault: Hashable, Sendable, CustomStringConvertible {
  /// nil for what concerns the whole file.
  package let budgetID: String?
  package let sequence: Int64?
  /// PostgreSQL's number of the entry, as the file has it.
  package let entryID: Int64?
  package let problem: String

  package init(
    budgetID: String? = nil, sequence: Int64? = nil, entryID: Int64? = nil, problem: String
  ) {
    self.budgetID = budgetID
    self.sequence = sequence
    self.entryID = entryID
    self.problem = problem
  }

  package var description: String {
    guard let budgetID else { return problem }
    var place = budgetID
    if let sequence { place += " entry \(sequence)" }
    if let entryID { place += " (entry_id \(entryID))" }
    return "\(place): \(problem)"
  }
}

/// What a verification has found.
package struct FileReport: Hashable, Sendable {
  /// No more than so many faults are kept; the rest is counted.
  package static let keptFaults = 1_000

  package internal(set) var entries: Int64 = 0
  package internal(set) var budgets: Int64 = 0
  /// Entries of an export whose predecessor is not in it, so that their hash cannot be checked.
  package internal(set) var unverifiable: Int64 = 0
  /// The first fault of each budget, and those of the whole file.
  package internal(set) var faults: [FileFault] = []
  package internal(set) var faultCount = 0

  package var isSound: Bool { faultCount == 0 }

  mutating func add(_ fault: FileFault) {
    faultCount += 1
    if faults.count < FileReport.keptFaults { faults.append(fault) }
  }
}
