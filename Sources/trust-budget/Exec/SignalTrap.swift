import Foundation
import Synchronization

/// The signals that would end this program, each of which is somebody's wish to end what it does.
///
/// UnixSignals doesn't say who sent one. There is one trap in a program.
final class SignalTrap: Sendable {
  /// A signal that came.
  struct Arrival: Sendable {
    let signal: Int32
    /// It comes of a key, and so to the signing command as well, on the terminal that both share: one
    /// that cleans up at the first Ctrl-C may take a second one for impatience.
    let isOfKey: Bool
  }

  /// What was trapped: not what this program was started to ignore, by nohup say, which is not for the
  /// command either.
  private let signals: [Int32]
  private let state = Mutex(State())

  private struct State {
    var listener: AsyncStream<Arrival>.Continuation?
    /// What came while nobody listened.
    var waiting: [Arrival] = []
  }

  init() {
    signals = [SIGINT, SIGQUIT, SIGTERM, SIGHUP].filter { !isIgnored($0) }
    let reader = SignalTrap.pipe.fileHandleForReading.fileDescriptor
    let writer = SignalTrap.pipe.fileHandleForWriting.fileDescriptor
    SignalTrap.writer.store(writer, ordering: .sequentiallyConsistent)
    for signal in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { signal, info, _ in
        SignalTrap.note(signal, info)
      }
      action.sa_flags = SA_SIGINFO | SA_RESTART
      sigaction(signal, &action, nil)
    }
    Thread.detachNewThread { [self] in
      var byte: UInt8 = 0
      while true {
        let count = read(reader, &byte, 1)
        guard count == 1 || (count == -1 && errno == EINTR) else { return }
        if count == 1 {
          deliver(Arrival(signal: Int32(byte & 0x7f), isOfKey: byte & SignalTrap.keyBit != 0))
        }
      }
    }
  }

  /// Those that come from now on, and those that came while nobody listened.
  func arrivals() -> AsyncStream<Arrival> {
    let (stream, listener) = AsyncStream.makeStream(of: Arrival.self)
    state.withLock { state in
      for arrival in state.waiting { listener.yield(arrival) }
      state.waiting = []
      state.listener = listener
    }
    return stream
  }

  /// What comes from now on is nobody's wish any more.
  func ignore() {
    for signal in signals { Glibc.signal(signal, SIG_IGN) }
  }

  /// Gives a signal to whoever listens, now or later.
  func deliver(_ arrival: Arrival) {
    state.withLock { state in
      if case .enqueued? = state.listener?.yield(arrival) { return }
      // The command that is started later did not get it.
      state.waiting.append(Arrival(signal: arrival.signal, isOfKey: false))
    }
  }

  // MARK: In the signal's handler, which may do next to nothing

  private static var keyBit: UInt8 { 0x80 }
  private static let pipe = Pipe()
  private static let writer = Atomic<Int32>(-1)

  private static func note(_ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?) {
    let error = errno
    // The terminal's driver sends in the kernel's name, and nobody else but processes sends these two.
    let isOfKey =
      (signal == SIGINT || signal == SIGQUIT) && info?.pointee.si_code == Int32(SI_KERNEL)
    var byte = UInt8(signal) | (isOfKey ? keyBit : 0)
    _ = write(writer.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = error
  }
}
