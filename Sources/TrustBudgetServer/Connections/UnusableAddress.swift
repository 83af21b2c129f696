import Glibc
import NIOCore

/// Why a node cannot listen at an address.
package struct UnusableAddress: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }

  /// - Returns: nil for an error that is not of the address.
  init?(_ address: Entrance.Address, _ error: any Error) {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE:
      self.init(
        "\(address.text) is in use by another program, or by an address of this node that covers it; "
          + "choose another port, or 0")
    case let error as IOError:
      self.init(
        "\(address.text) cannot be listened at: \(String(cString: strerror(error.errnoCode)))")
    case is SocketAddressError, is SocketAddressError.UnknownHost:
      self.init("\(address.text) cannot be listened at: no such host is known here")
    default: return nil
    }
  }
}
