import Foundation
import TrustBudget

/// An IPv4 or IPv6 address. An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) is the IPv4 one.
package struct IPAddress: Sendable, Hashable {
  /// In network order: 4 bytes, or 16.
  package let bytes: [UInt8]

  /// - Throws: `InvalidValue` unless it is one address in the usual notation, without a zone.
  package init(_ text: String) throws(InvalidValue) {
    // C would stop reading at a zero byte.
    guard !text.utf8.contains(0),
      let bytes = IPAddress.parse(text, family: AF_INET, count: 4)
        ?? IPAddress.parse(text, family: AF_INET6, count: 16)
    else {
      throw InvalidValue(#"must be an IP address such as "10.0.0.1" or "2001:db8::1""#)
    }
    self.bytes =
      bytes.starts(with: IPAddress.mappedPrefix) && bytes.count == 16
      ? Array(bytes.suffix(4)) : bytes
  }

  /// What an IPv6 address begins with that stands for an IPv4 one.
  static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private static func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let length = socklen_t(text.count)
    guard inet_ntop(family, bytes, &text, length) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
