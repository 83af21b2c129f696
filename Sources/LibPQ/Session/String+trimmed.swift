extension String {
  /// Without the white space around it; libpq ends its messages with a newline.
  func trimmed() -> String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
