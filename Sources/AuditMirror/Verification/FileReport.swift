import TrustBudget

/// Something wrong with a file, and where.
package struct FileFault: Hashable, Sendable, CustomStringConvertible {
  /// nil for what concerns the whole file.
  package let chain: TrailChain?
  package let sequence: Int64?
  /// PostgreSQL's number of the row, as the file has it.
  package let number: Int64?
  package let problem: String

  package init(
    _ chain: TrailChain? = nil, sequence: Int64? = nil, number: Int64? = nil, problem: String
  ) {
    self.chain = chain
    self.sequence = sequence
    self.number = number
    self.problem = problem
  }

  init(_ row: some TrailRow, _ problem: String) {
    self.init(
      row.place.chain, sequence: row.place.sequence, number: row.position.number,
      problem: problem)
  }

  package var description: String {
    guard let chain else { return problem }
    var place = "\(chain)"
    if let sequence { place += " \(chain.rowName) \(sequence)" }
    if let number { place += " (\(chain.rowName)_id \(number))" }
    return "\(place): \(problem)"
  }
}

extension FileFault {
  /// What is to be read of a row that may hold anything, for ``init(unreadable:_:_:)``.
  static func columns<TableRow: TrailRow>(of _: TableRow.Type) -> String {
    let chain = TableRow.chainColumn.name
    return "CAST(\(chain) AS TEXT), \(TableRow.sequenceColumn), \(TableRow.numberColumn)"
  }

  /// A row with values that nobody of ours has written.
  init<TableRow: TrailRow>(
    unreadable _: TableRow.Type, _ row: inout FileStatement, _ error: InvalidValue
  ) {
    self.init(
      TableRow.chain((try? row.text()) ?? ""), sequence: try? row.number(),
      number: try? row.number(), problem: "it holds what is no value of ours: \(error)")
  }
}

/// What a verification has found.
package struct FileReport: Hashable, Sendable {
  /// No more than so many faults are kept; the rest is counted.
  package static let keptFaults = 1_000

  package internal(set) var entries: Int64 = 0
  package internal(set) var budgets: Int64 = 0
  /// Break-glass events; nil for a file of a format that knows none.
  package internal(set) var events: Int64?
  package internal(set) var journals: Int64 = 0
  /// Rows of an export whose predecessor is not in it, so that their hash cannot be checked.
  package internal(set) var unverifiable: Int64 = 0
  /// The first fault of each budget and of each journal, and those of the whole file.
  package internal(set) var faults: [FileFault] = []
  package internal(set) var faultCount = 0

  package var isSound: Bool { faultCount == 0 }

  mutating func add(_ fault: FileFault) {
    faultCount += 1
    if faults.count < FileReport.keptFaults { faults.append(fault) }
  }
}
