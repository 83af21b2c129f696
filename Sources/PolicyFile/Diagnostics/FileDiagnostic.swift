/// One thing that is wrong, or likely wrong, with a YAML file of ours, and where.
package struct FileDiagnostic: Sendable, Hashable {
  /// Only an error keeps a file from being used.
  package enum Severity: String, Sendable, Hashable, Encodable {
    case error
    case warning
  }

  package let severity: Severity
  /// The file as the caller named it.
  package let file: String
  /// From 1.
  package let line: Int
  /// In characters, from 1.
  package let column: Int
  /// What is wrong, with the offending text in it.
  package let message: String
  /// What would be right: `a list, for example ["user"]`.
  package let expected: String?
  /// What was probably meant instead of the offending text.
  package let suggestion: String?
  /// The line in question, made harmless and short; empty when there is none to show.
  package let sourceLine: String
  /// Where the offending text stands in `sourceLine`, in characters from 0.
  let marked: Range<Int>
}

extension FileDiagnostic: CustomStringConvertible {
  /// In the manner of compilers: place, severity and message; the line; what to do.
  package var description: String {
    let place = "\(VisibleText.line(file)):\(line):\(column)"
    var lines = ["\(place): \(severity.rawValue): \(message)"]
    let indentation = "    "
    if !sourceLine.isEmpty {
      // The shown line keeps its own indentation, capped so that everything lines up below it.
      let shift = min(sourceLine.prefix { $0 == " " }.count, marked.lowerBound)
      let tildes = String(repeating: "~", count: max(0, marked.count - 1))
      lines.append(indentation + sourceLine.dropFirst(shift))
      lines.append(
        indentation + String(repeating: " ", count: marked.lowerBound - shift) + "^" + tildes)
    }
    if let help { lines.append(indentation + help) }
    return lines.joined(separator: "\n")
  }

  private var help: String? {
    switch (suggestion, expected) {
    case (nil, nil): nil
    case (nil, let expected?): "expected \(expected)"
    case (let suggestion?, nil): "did you mean \(VisibleText.quoted(suggestion))?"
    case (let suggestion?, let expected?):
      "did you mean \(VisibleText.quoted(suggestion))?  (expected \(expected))"
    }
  }
}

extension FileDiagnostic: Encodable {
  private enum CodingKeys: String, CodingKey {
    case severity, file, line, column, message, expected, suggestion
    case sourceLine = "source_line"
  }
}
