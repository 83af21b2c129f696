import Foundation

/// How far long work is, on a terminal; nothing elsewhere.
struct ProgressLine: Sendable {
  private let isShown = isatty(2) == 1

  /// Lends what shows it, and takes the line away afterwards: what is said next, an error too, begins where it was.
  static func during<R>(
    _ body: (_ show: @escaping @Sendable (Int64, Int64) -> Void) async throws -> R
  ) async rethrows -> R {
    let line = ProgressLine()
    defer { line.end() }
    return try await body { line.show($0, of: $1) }
  }

  private func show(_ done: Int64, of total: Int64) {
    guard isShown else { return }
    let share = total > 0 ? " (\(min(100, done * 100 / total)) %)" : ""
    Console.write("\r\(done) rows\(share) …")
  }

  private func end() {
    guard isShown else { return }
    Console.write("\r\u{1B}[K")
  }
}
