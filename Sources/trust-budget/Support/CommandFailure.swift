/// A command that was refused or failed, in words for the person who called it. Exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
  let message: String

  /// The same as ``message``.
  var description: String { message }

  init(_ message: String) {
    self.message = message
  }
}
