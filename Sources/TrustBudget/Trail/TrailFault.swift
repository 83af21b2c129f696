/// Something wrong with a trail, and where.
package struct TrailFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// nil for what concerns the whole trail.
  package let chain: TrailChain?
  package let sequence: Int64?
  /// PostgreSQL's number of the row, as a file has it.
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

  /// A row with values that nobody of ours has written.
  package init(
    unreadable chain: TrailChain, sequence: Int64?, number: Int64? = nil, _ problem: InvalidValue
  ) {
    self.init(
      chain, sequence: sequence, number: number,
      problem: "it holds what is no value of ours: \(problem)")
  }

  package var description: String {
    guard let chain else { return problem }
    var place = "\(chain)"
    if let sequence { place += " \(chain.rowName) \(sequence)" }
    if let number { place += " (\(chain.rowName)_id \(number))" }
    return "\(place): \(problem)"
  }
}
