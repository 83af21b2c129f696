import TrustBudget

extension TrailFault {
  init(_ row: some TrailRow, _ problem: String) {
    self.init(
      row.place.chain, sequence: row.place.sequence, number: row.position.number,
      problem: problem)
  }

  /// A place that is noted as waiting for what comes before it, and does not.
  init(waitingInVain place: TrailPlace) {
    self.init(
      place.chain, sequence: place.sequence,
      problem: "it is noted as waiting for the one before it, and it is not")
  }

  /// What is to be read of a row that may hold anything, for ``init(unreadable:_:_:)``.
  static func columns<TableRow: TrailRow>(of _: TableRow.Type) -> String {
    let chain = TableRow.chainColumn.name
    return "CAST(\(chain) AS TEXT), \(TableRow.sequenceColumn), \(TableRow.numberColumn)"
  }

  /// How many ``columns(of:)`` names.
  static let columnCount = 3

  init<TableRow: TrailRow>(
    unreadable _: TableRow.Type, _ row: inout FileStatement, _ error: InvalidValue
  ) {
    self.init(
      unreadable: TableRow.chain((try? row.text()) ?? ""), sequence: try? row.number(),
      number: try? row.number(), error)
  }
}
