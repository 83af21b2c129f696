import Foundation
import UnixSignals

/// The terminal that this program and its signing command share.
enum Terminal {
  /// Whether a signal that came to this program comes of a key, and so to the command as well: one that
  /// cleans up at the first Ctrl-C may take a second one for impatience.
  static func hasSent(_ signal: UnixSignal) -> Bool {
    guard [.sigint, .sigquit].contains(signal) else { return false }
    let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    return tcgetpgrp(terminal) == getpgrp()
  }
}
