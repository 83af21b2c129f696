/// A short name for a long path.
enum PathDigest {
  /// FNV-1a, 64 bits, in hexadecimal: enough to tell one user's directories apart.
  static func of(_ path: String) -> String {
    let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
