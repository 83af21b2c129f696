import Foundation

/// Blocking Unix sockets, for threads that may block.
package enum UnixSocket {
  /// - Parameter queue: how many, and one more, may connect before they are taken in.
  package static func listen(at path: String, queue: Int32 = 64) throws -> Int32 {
    let descriptor = try open()
    let isListening = try withAddress(path) { address, length in
      bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, queue) == 0
    }
    guard isListening else {
      close(descriptor)
      throw TestFailure("can't listen at \(path): \(errno)")
    }
    return descriptor
  }

  package static func connect(to path: String) throws -> Int32 {
    let descriptor = try open()
    let isConnected = try withAddress(path) { Glibc.connect(descriptor, $0, $1) == 0 }
    guard isConnected else {
      close(descriptor)
      throw TestFailure("can't connect to \(path): \(errno)")
    }
    return descriptor
  }

  /// - Returns: what there is to read; nil at the end.
  package static func read(_ descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      return count > 0 ? Array(bytes[..<count]) : nil
    }
  }

  /// - Returns: whether all was written.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func open() throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("can't make a socket: \(errno)") }
    return descriptor
  }

  private static func withAddress<R>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) throws -> R {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8) + [0]
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
      throw TestFailure("the path \(path) is too long for a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
