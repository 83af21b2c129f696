import Foundation

/// A child process, started with nothing of ours but the descriptors it is given.
///
/// Foundation's `Process` can't start a session, nor pass a fourth descriptor.
enum ChildProcess {
  /// `POSIX_SPAWN_SETSID`, which glibc's headers show under `_GNU_SOURCE` only.
  private static let setSession: Int32 = 0x80

  /// Starts a program in a session of its own, so that Ctrl-C in our terminal doesn't reach it.
  ///
  /// - Parameters:
  ///   - arguments: The program's path, and its arguments.
  ///   - environment: The whole of its environment.
  ///   - descriptors: Ours that the child gets, as its 0, 1, 2 and so on.
  /// - Returns: The child's process id.
  /// - Throws: ``PrivatePostgresError`` if it can't be started.
  static func spawn(
    _ arguments: [String], environment: [String: String], descriptors: [Int32]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, source) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
    }
    // Descriptors that somebody opened without O_CLOEXEC would stay open for as long as the server
    // lives: a listening socket, or the one by which Foundation learns of another child's end. The
    // child closes them, for only it knows what another thread opens at this very moment.
    _ = addCloseFrom(&actions, Int32(descriptors.count))

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(setSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var child: pid_t = 0
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    let code = posix_spawn(&child, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else {
      throw PrivatePostgresError.system("can't run \(arguments[0])", code: code)
    }
    return child
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
    guard wait(for: child) == 0 else { return nil }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits for a child's end.
  ///
  /// - Returns: Its status, as `waitpid` tells it.
  @discardableResult
  static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) == -1, errno == EINTR {}
    return status
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

/// glibc's (2.34 or later), whose headers show it under `_GNU_SOURCE` only.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
private func addCloseFrom(
  _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32
) -> Int32
