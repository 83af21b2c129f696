import Foundation
import NIOCore

/// Whether a node that this user starts could listen at an address.
struct AddressCheck {
  private let address: ListenAddress

  init(_ address: ListenAddress) {
    self.address = address
  }

  var finding: Finding {
    let found: SocketAddress
    do {
      // As the node does.
      found = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
    } catch {
      return problem("no such host is known here", "Check its name: getent hosts \(address.host).")
    }
    switch bind(found) {
    case 0: return .ok("listen", "\(address) can be listened at.")
    case EADDRINUSE: return .ok("listen", "\(address) is in use: by the node, if it runs.")
    case EADDRNOTAVAIL:
      return problem(
        "it is no address of this machine", "See ip address; 0.0.0.0 and [::] are all.")
    case EACCES:
      return problem(
        "this user may not listen at a port below \(firstOpenPort)",
        "Choose another port, or give the node the right, in its unit: PrivateUsers=no, and "
          + "CAP_NET_BIND_SERVICE in AmbientCapabilities= and CapabilityBoundingSet=.")
    case let code: return problem(String(cString: strerror(code)), "Name another one: --listen.")
    }
  }

  private func problem(_ reason: String, _ action: String) -> Finding {
    .problem("listen", "\(address) cannot be listened at: \(reason).", action)
  }

  /// Takes the address for a moment, without listening there.
  ///
  /// - Returns: what the system has against it; 0: nothing.
  private func bind(_ found: SocketAddress) -> Int32 {
    let isVersion6 = if case .v6 = found { true } else { false }
    let descriptor = socket(
      isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0
    )
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    // As the node's has: connections that have just ended do not count.
    var isReused: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
    return found.withSockAddr { name, length in
      Glibc.bind(descriptor, name, socklen_t(length)) == 0 ? 0 : errno
    }
  }

  /// What Linux lets anybody have, from here on.
  private var firstOpenPort: Int {
    let text = try? String(
      contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
    return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 1024
  }
}
