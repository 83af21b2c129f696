import Foundation
import TrustBudgetTesting

/// A pipe of one page that is full, and that nobody reads before a test does.
final class StalledPipe: Sendable {
  let path: String
  private let descriptor: Int32

  init(in directory: TemporaryDirectory) throws {
    path = directory.file("log")
    guard mkfifo(path, 0o600) == 0 else { throw TestFailure("no pipe: errno \(errno)") }
    // Both ends: who opens it for writing alone would wait for a reader.
    descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc's module leaves out.
    let size = fcntl(descriptor, setPipeSize, 4096)
    let filling = [UInt8](repeating: UInt8(ascii: "\n"), count: Int(max(size, 0)))
    guard write(descriptor, filling, filling.count) == filling.count, write(descriptor, "\n", 1) < 0
    else {
      throw TestFailure("the pipe does not get full")
    }
  }

  deinit { close(descriptor) }

  /// What makes a command's standard error of it.
  var launcher: [String] {
    ["/bin/sh", "-c", #"log=$1; shift; exec "$@" 2>"$log""#, "sh", path]
  }

  /// What is in it, and what comes as long as that goes on.
  func read() -> Data {
    var all = Data()
    var chunk = [UInt8](repeating: 0, count: 4096)
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&waiting, 1, 20) > 0 {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      all += chunk[..<count]
    }
    return all
  }
}
