import Foundation
import Synchronization

/// One connection through the proxy: a thread for each direction.
final class ProxiedConnection: Sendable {
  private let client: Int32
  private let server: Int32
  private let proxy: PostgresProxy
  /// The fault that the answers of the server meet from now on.
  private let fault = Mutex<PostgresProxy.Fault?>(nil)
  /// The threads that still use the sockets. The last one closes them, so that nobody ever meets a
  /// descriptor's number that was given to somebody else.
  private let threads = Mutex(2)

  init(client: Int32, server: Int32, proxy: PostgresProxy) {
    self.client = client
    self.server = server
    self.proxy = proxy
  }

  func start() {
    Thread.detachNewThread { [self] in
      forwardRequests()
      end()
    }
    Thread.detachNewThread { [self] in
      forwardAnswers()
      end()
    }
  }

  /// Ends both directions.
  func cut() {
    threads.withLock { if $0 > 0 { shutDown() } }
  }

  private func shutDown() {
    shutdown(client, Int32(SHUT_RDWR))
    shutdown(server, Int32(SHUT_RDWR))
  }

  private func end() {
    threads.withLock { threads in
      shutDown()
      threads -= 1
      guard threads == 0 else { return }
      close(client)
      close(server)
    }
  }

  private func forwardRequests() {
    var stream = FrontendStream()
    while let bytes = UnixSocket.read(client) {
      for group in stream.groups(afterReading: bytes) {
        if group.commits, let fault = proxy.faultOfCommit() {
          self.fault.withLock { $0 = fault }
          if fault == .cutBeforeCommit { return }
          if fault == .holdCommit { continue }
        }
        guard UnixSocket.write(group.bytes, to: server) else { return }
      }
    }
  }

  private func forwardAnswers() {
    var answer: [UInt8] = []
    while let bytes = UnixSocket.read(server) {
      switch fault.withLock({ $0 }) {
      case .cutAfterCommit:
        answer += bytes
        // ReadyForQuery: the server has done all that it was sent.
        if answer.dropLast().suffix(5) == [UInt8(ascii: "Z"), 0, 0, 0, 5] { return }
      case .silenceAfterCommit:
        continue
      case .cutBeforeCommit, .holdCommit, nil:
        guard UnixSocket.write(bytes, to: client) else { return }
      }
    }
  }
}
