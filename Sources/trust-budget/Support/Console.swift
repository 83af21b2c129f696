import Foundation
import Synchronization

/// What the program says besides its output proper.
enum Console {
  /// Who writes, in a program that must not wait for whoever reads.
  private static let writer = Mutex<LogWriter?>(nil)

  /// Has what is said from now on written by another thread.
  static func handOver(to writer: LogWriter) {
    self.writer.withLock { $0 = writer }
  }

  /// `trust-budget: …` on standard error.
  static func error(_ message: String) {
    note("trust-budget: \(message)")
  }

  /// A line on standard error, or several.
  static func note(_ text: String) {
    log(printableLines(text))
  }

  /// An entry of the log, whose format takes care of what it quotes.
  static func log(_ line: String) {
    if let writer = writer.withLock({ $0 }) {
      writer.write(line + "\n")
    } else {
      write(line + "\n")
    }
  }

  /// Makes sure that what was printed is written: a full disk must not look like success.
  static func flushOutput() throws(CommandFailure) {
    guard fflush(nil) == 0 else {
      throw CommandFailure("standard output cannot be written: \(String(cString: strerror(errno)))")
    }
    // What failed before left nothing to flush.
    guard !StandardStreams.hasOutputFailed else {
      throw CommandFailure("standard output cannot be written")
    }
  }

  /// Gives a reader who has stalled a second, before the program ends, to take what another thread has yet
  /// to write.
  static func finish() {
    writer.withLock({ $0 })?.finish(within: 1)
  }

  /// At once, to standard error, or, when nobody reads that any more, nowhere: what is under way goes on.
  static func write(_ text: String, to output: FileHandle = .standardError) {
    try? output.write(contentsOf: Data(text.utf8))
  }
}
