import ChildProcess
import Foundation

/// The processes around a private server, each in a session of its own, so that Ctrl-C in our terminal
/// doesn't reach it.
enum ServerProcess {
  /// Starts a program.
  ///
  /// - Parameters:
  ///   - arguments: The program's path, and its arguments.
  ///   - environment: The whole of its environment.
  ///   - descriptors: Ours that the child gets, as its 0, 1, 2 and so on.
  /// - Returns: The child's process id.
  /// - Throws: ``PrivatePostgresError`` if it can't be started.
  static func spawn(
    _ arguments: [String], environment: Child.Environment, descriptors: [Int32]
  ) throws -> pid_t {
    do {
      return try Child.start(
        arguments, environment: environment, descriptors: descriptors, in: .own)
    } catch {
      throw PrivatePostgresError.system("can't run \(arguments[0])", code: error.code.rawValue)
    }
  }

  /// What a program prints on one line, or nil if it fails.
  static func output(_ arguments: [String]) -> String? {
    guard let (ours, theirs) = try? socketPair() else { return nil }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer {
      close(ours)
      close(null)
    }
    let child = try? spawn(
      arguments, environment: ["LC_ALL": "C"], descriptors: [null, theirs, null])
    close(theirs)
    guard let child else { return nil }
    let text = readAll(ours)
    guard Child.reap(child) == 0 else { return nil }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Two connected sockets, neither of which a child inherits by accident. (A pipe would do, but
  /// only `_GNU_SOURCE` has `pipe2`.)
  static func socketPair() throws -> (Int32, Int32) {
    var descriptors: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else {
      throw PrivatePostgresError.system("can't make a socket pair", code: errno)
    }
    return (descriptors[0], descriptors[1])
  }

  /// Reads until the other side closes.
  static func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
