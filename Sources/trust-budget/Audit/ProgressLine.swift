import Foundation

/// How far long work is, on a terminal; nothing elsewhere.
struct ProgressLine: Sendable {
  private let isShown = isatty(2) == 1

  func show(_ done: Int64, of total: Int64) {
    guard isShown else { return }
    let share = total > 0 ? " (\(min(100, done * 100 / total)) %)" : ""
    Console.write("\r\(done) rows\(share) …")
  }

  /// Takes the line away.
  func end() {
    guard isShown else { return }
    Console.write("\r\u{1B}[K")
  }
}
