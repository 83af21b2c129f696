import Foundation

/// One line of the table: what was measured, against what, and how it did.
struct Comparison: Encodable {
  let name: String
  /// What the figures count: `charges/s`, `ms`.
  let unit: String
  let ours: [Double]
  let theirs: [Double]
  /// The ratio that must be reached; above it when `moreIsBetter`, below it otherwise.
  let yardstick: Double
  let moreIsBetter: Bool

  /// The median of the ratios, round by round: what the machine does meanwhile hits both.
  var ratio: Double { zip(ours, theirs).map { $0 / $1 }.median }

  var isMet: Bool { moreIsBetter ? ratio >= yardstick : ratio <= yardstick }
}

/// The table of all comparisons.
struct Report {
  private var comparisons: [Comparison] = []

  mutating func add(_ new: [Comparison]) {
    comparisons += new
  }

  var table: String {
    let header = ["measurement", "ours", "theirs", "unit", "ratio", "yardstick", "met"]
    let rows = comparisons.map { comparison in
      [
        comparison.name, comparison.ours.median.rounded(to: 3),
        comparison.theirs.median.rounded(to: 3), comparison.unit,
        comparison.ratio.rounded(to: 2),
        (comparison.moreIsBetter ? "≥ " : "≤ ") + comparison.yardstick.rounded(to: 2),
        comparison.isMet ? "yes" : "NO",
      ]
    }
    let lines = [header] + rows
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ")
    }.joined(separator: "\n")
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(comparisons), as: UTF8.self)
    }
  }
}

extension [Double] {
  var median: Double {
    guard !isEmpty else { return .nan }
    let sorted = sorted()
    let middle = count / 2
    return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}

extension Double {
  fileprivate func rounded(to digits: Int) -> String {
    self >= 1_000 ? String(Int(rounded())) : String(format: "%.\(digits)f", self)
  }
}
