import ArgumentParser

/// A file's permissions, in octal: `0660`.
struct FileMode: ExpressibleByArgument, CustomStringConvertible {
  let bits: UInt32

  init(bits: UInt32) {
    self.bits = bits
  }

  init?(argument: String) {
    guard (3...4).contains(argument.count), let bits = UInt32(argument, radix: 8), bits <= 0o777
    else { return nil }
    self.bits = bits
  }

  var description: String { "0" + String(bits, radix: 8) }
}
