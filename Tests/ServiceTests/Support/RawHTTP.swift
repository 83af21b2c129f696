import Foundation
import TrustBudgetTesting

/// HTTP/1.1 as it goes over the wire, for what no client would send.
enum RawHTTP {
  /// Sends bytes to a node, and gives all that it answers until it closes the connection.
  static func exchange(_ request: String, with node: RunningNode) async throws -> String {
    let port = node.port
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(Array(request.utf8), port: port) })
      }
    }
  }

  /// Asks for a target as it is spelt here.
  ///
  /// - Returns: the status, and the body.
  static func get(
    _ target: String, method: String = "GET", from node: RunningNode
  ) async throws -> (status: Int, json: JSON, head: String) {
    let answer = try await exchange(
      "\(method) \(target) HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", with: node)
    guard let match = answer.firstMatch(of: #/^HTTP/1\.1 ([0-9]{3})/#),
      let status = Int(match.1), let end = answer.firstRange(of: "\r\n\r\n")
    else { throw TestFailure("no answer to \(method) \(target.prefix(80)): \(answer)") }
    let json = try? JSON(parsing: Data(answer[end.upperBound...].utf8))
    return (status, json ?? .null, String(answer[..<end.lowerBound]))
  }

  private static func exchange(_ request: [UInt8], port: UInt16) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw TestFailure("can't connect to port \(port)") }
    var rest = request[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }  // It has heard enough.
      rest = rest.dropFirst(count)
    }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      answer += chunk[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
