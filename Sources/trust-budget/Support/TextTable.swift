/// Rows for people: columns as wide as they need to be, numbers to the right.
struct TextTable: CustomStringConvertible {
  private let header: [String]
  private var rows: [[String]] = []

  init(_ header: String...) {
    self.header = header
  }

  mutating func add(_ cells: String...) {
    rows.append(cells.map(printable))
  }

  var description: String {
    let lines = [header] + rows
    let lengths = lines.map { $0.map(\.count) }
    let widths = header.indices.map { column in lengths.map { $0[column] }.max() ?? 0 }
    let isNumeric = header.indices.map { column in
      !rows.isEmpty && rows.allSatisfy { Int64($0[column]) != nil }
    }
    return zip(lines, lengths).map { cells, lengths in
      let padded = header.indices.map { column -> String in
        let space = String(repeating: " ", count: widths[column] - lengths[column])
        return isNumeric[column] ? space + cells[column] : cells[column] + space
      }
      let line = padded.joined(separator: "  ").unicodeScalars
      return line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
    }.joined(separator: "\n")
  }
}
