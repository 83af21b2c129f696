@preconcurrency import Glibc

/// The streams that every program is started with, as a rule.
enum StandardStreams {
  /// Takes the places of those that are closed.
  ///
  /// The next file or connection would get such a number, and whatever is said to people would be written
  /// into that. What is put there fails to be read, or written, as a closed stream does.
  static func hold() {
    // In this order: the lowest number that is free is the one that is given.
    for (descriptor, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)]
    where fcntl(Int32(descriptor), F_GETFD) < 0 {
      _ = open("/dev/null", mode)
    }
  }

  /// Whether something that was printed could not be written.
  static var hasOutputFailed: Bool { ferror(stdout) != 0 }
}
