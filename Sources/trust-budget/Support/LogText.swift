/// Where a log for people goes. What others wrote and an entry quotes, a file's name or a lock's holder, begins
/// no line of its own, and a terminal does not obey it.
struct LogText: TextOutputStream, Sendable {
  /// Takes an entry, without the end of its last line.
  let output: @Sendable (String) -> Void

  /// - Parameter entry: a whole one.
  func write(_ entry: String) {
    let lines = (entry.hasSuffix("\n") ? entry.dropLast() : entry[...])
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { printable(String($0).replacing("\t", with: " ")) }
    output(lines.joined(separator: "\n    "))
  }
}
