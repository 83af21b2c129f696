import Foundation

extension Process {
  /// Starts the program with no signal blocked.
  ///
  /// The threads of Swift's tasks block every signal, and a child inherits that: without this,
  /// nothing but SIGKILL would end a signing command.
  ///
  /// - Throws: what `Process.run()` throws.
  func runUnblockingSignals() throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try run()
  }
}
