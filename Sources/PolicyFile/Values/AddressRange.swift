import TrustBudget

/// The addresses that share a prefix: `10.0.0.0/8`, `2001:db8::/32`. A plain address is a range of
/// one.
package struct AddressRange: Sendable, Hashable {
  private let network: IPAddress
  private let prefixLength: Int

  /// - Throws: `InvalidValue` unless it is an address, or one with a prefix length that fits it and
  ///   covers all its bits.
  package init(_ text: String) throws(InvalidValue) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let address = parts.first.flatMap { try? IPAddress(String($0)) }
    guard let address, let length = AddressRange.prefixLength(parts, of: address) else {
      throw InvalidValue(
        #"must be an address or a range such as "10.0.0.0/8", "192.0.2.7" or "2001:db8::/32""#)
    }
    prefixLength = length
    network = AddressRange.masked(address, to: length)
    guard network == address else {
      throw InvalidValue(#"must not have bits set beyond its prefix; did you mean "\#(self)"?"#)
    }
  }

  package func contains(_ address: IPAddress) -> Bool {
    address.bytes.count == network.bytes.count
      && AddressRange.masked(address, to: prefixLength) == network
  }

  private static func prefixLength(_ parts: [Substring], of address: IPAddress) -> Int? {
    let bits = address.bytes.count * 8
    guard parts.count == 2 else { return bits }
    let digits = parts[1]
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let written = Int(digits),
      digits == "\(written)"
    else { return nil }
    // A mapped address has become 96 bits shorter than it was written.
    let wasMapped = bits == 32 && parts[0].contains(":")
    let length = wasMapped ? written - IPAddress.mappedPrefix.count * 8 : written
    return (0...bits).contains(length) ? length : nil
  }

  private static func masked(_ address: IPAddress, to length: Int) -> IPAddress {
    let bytes = address.bytes.enumerated().map { index, byte in
      let kept = min(max(length - index * 8, 0), 8)
      return byte & ~(UInt8.max >> kept)
    }
    return IPAddress(bytes: bytes)
  }
}

extension AddressRange: CustomStringConvertible {
  package var description: String {
    prefixLength == network.bytes.count * 8 ? "\(network)" : "\(network)/\(prefixLength)"
  }
}
