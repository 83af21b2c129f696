import Foundation

/// Starts other programs, with nothing of ours but the descriptors that they are given.
///
/// Foundation's `Process` can't start a session, nor pass a fourth descriptor. It puts each program in
/// a process group of its own, which a terminal stops as soon as it reads; and whatever the program
/// leaves running holds the descriptor by which `Process` would learn of its end.
package enum Child {
  /// Whose terminal it is on.
  package enum Session: Sendable {
    /// In our process group: it may read our terminal, whose Ctrl-C and Ctrl-Z are for both of us.
    case shared
    /// A session of its own, which no terminal's Ctrl-C reaches.
    case own
  }

  /// `POSIX_SPAWN_SETSID`, which glibc's headers show under `_GNU_SOURCE` only.
  private static let setSession: Int32 = 0x80

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - arguments: The program's path, or a name to look for in `PATH`; and its arguments.
  ///   - environment: The whole of its environment.
  ///   - descriptors: Ours that it gets, as its 0, 1, 2 and so on; nil: our own 0, 1 and 2.
  ///   - session: Whether it belongs to our terminal.
  /// - Returns: Its process id. Whoever starts it must reap it.
  /// - Throws: The system's error if it can't be started.
  package static func start(
    _ arguments: [String], environment: Environment, descriptors: [Int32]? = nil,
    in session: Session
  ) throws(POSIXError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, source) in (descriptors ?? []).enumerated() {
      posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
    }
    // Descriptors that somebody opened without O_CLOEXEC would stay open for as long as the child
    // lives: a listening socket, or the one by which Foundation learns of another child's end. The
    // child closes them, for only it knows what another thread opens at this very moment.
    _ = addCloseFrom(&actions, Int32(descriptors?.count ?? 3))

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads of Swift's tasks block every signal, and a child would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var defaults = signals(notIgnoredIn: session)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    if session == .own { flags |= setSession }
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var child: pid_t = 0
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.copies
    defer { (argv + envp).forEach { free($0) } }
    let code = posix_spawnp(&child, arguments[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    return child
  }

  /// A program on our terminal goes on ignoring what we were told to ignore, by nohup say; SIGPIPE is
  /// ignored by ourselves.
  private static func signals(notIgnoredIn session: Session) -> sigset_t {
    var signals = sigset_t()
    switch session {
    case .shared:
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
    case .own:
      sigfillset(&signals)
    }
    return signals
  }

  /// Waits for a child's end. It remains to be reaped, and until then its number is nobody else's.
  package static func end(of child: pid_t) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var info = siginfo_t()
        while waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        continuation.resume()
      }
    }
  }

  /// Waits for a child's end, and reaps it.
  ///
  /// - Returns: Its exit status; 128 and the signal's number where a signal ended it.
  @discardableResult
  package static func reap(_ child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) == -1, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 : 128 + signal
  }
}

/// glibc's (2.34 or later), whose headers show it under `_GNU_SOURCE` only.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
private func addCloseFrom(
  _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32
) -> Int32
