import ArgumentParser
import PolicyFile

/// `HOST:PORT`, with an IPv6 address in brackets.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible {
  let host: String
  let port: Int

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var host = argument[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, !host.contains(",") else { return nil }
    self.init(host: String(host), port: port)
  }

  /// Reads one `--listen`.
  ///
  /// - Throws: `ValidationError`.
  init(option text: String) throws {
    guard !text.contains(",") else {
      throw ValidationError("give --listen once for each address")
    }
    guard let address = ListenAddress(argument: text) else {
      throw ValidationError("it must be HOST:PORT")
    }
    self = address
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine can reach it.
  var isLoopback: Bool {
    guard let address = try? IPAddress(host) else { return host == "localhost" }
    let loopback6 = [UInt8](repeating: 0, count: 15) + [1]
    return address.bytes.count == 4 ? address.bytes[0] == 127 : address.bytes == loopback6
  }
}
