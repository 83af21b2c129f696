import Foundation

/// Listens on 127.0.0.1, and never says a word.
final class SilentServer: Sendable {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
    guard listening else { throw TestServer.Missing() }
  }

  /// Lets the next caller begin with TLS, and says nothing more.
  ///
  /// - Returns: what is told when that caller hangs up.
  func agreeToTLS() -> AsyncStream<Void> {
    let (hungUp, hangUp) = AsyncStream.makeStream(of: Void.self)
    Thread.detachNewThread { [self] in
      let caller = accept(descriptor, nil, nil)
      var request = [UInt8](repeating: 0, count: 8)
      if recv(caller, &request, 8, Int32(MSG_WAITALL)) == 8 { send(caller, "S", 1, 0) }
      while recv(caller, &request, 8, 0) > 0 {}
      close(caller)
      hangUp.yield()
    }
    return hungUp
  }

  deinit {
    close(descriptor)
  }
}
