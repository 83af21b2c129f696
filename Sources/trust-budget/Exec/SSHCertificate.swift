import ClaimedFile
import Crypto
import Foundation
import TrustBudget
import TrustBudgetClient

/// An OpenSSH certificate, read from its `-cert.pub` file as far as a settlement needs it.
///
/// The format is OpenSSH's PROTOCOL.certkeys.
struct SSHCertificate {
  let serial: UInt64
  /// As the trail takes it; see ``text(_:)``.
  let keyID: String
  /// The certified key's, as `ssh-keygen -l` prints it.
  let fingerprint: String
  /// Whom it may let in as; none: the authority did not say.
  let principals: [String]
  /// Seconds since 1970; 0: always was.
  let validAfter: UInt64
  /// Seconds since 1970; the largest number: for ever.
  let validBefore: UInt64

  /// How many fields of the public key stand between the nonce and the serial number.
  private static let keyFields = [
    "ssh-rsa": 2, "ssh-dss": 4, "ssh-ed25519": 1, "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2, "ecdsa-sha2-nistp521": 2, "sk-ecdsa-sha2-nistp256@openssh.com": 3,
    "sk-ssh-ed25519@openssh.com": 2,
  ]

  /// How much of a file is looked at; far more than any certificate has.
  private static let maximumBytes = 1 << 20

  /// - Throws: `CommandFailure` when the file can't be read or holds no certificate.
  init(readingFile path: String) throws {
    // A pipe would be waited for.
    guard case .file = FilePlace(path), let file = FileHandle(forReadingAtPath: path),
      let text = try? file.read(upToCount: SSHCertificate.maximumBytes) ?? Data()
    else { throw CommandFailure("the certificate \(path) cannot be read") }
    // The third word is a comment, and of whatever encoding.
    let words = text.split(maxSplits: 2) { [0x09, 0x0A, 0x0D, 0x20].contains($0) }
    guard words.count >= 2, let blob = Data(base64Encoded: Data(words[1])),
      let certificate = SSHCertificate(blob: Array(blob))
    else { throw CommandFailure("\(path) holds no SSH certificate") }
    self = certificate
  }

  /// Whether a file may hold one, for all that is known: what this program cannot read, others may use.
  static func mayBe(in path: String) -> Bool {
    !FileManager.default.isReadableFile(atPath: path)
      || (try? SSHCertificate(readingFile: path)) != nil
  }

  private init?(blob: [UInt8]) {
    var reader = Reader(bytes: blob[...])
    guard let type = reader.text(), let plainType = SSHCertificate.plainType(of: type),
      let count = SSHCertificate.keyFields[plainType], reader.field() != nil
    else { return nil }
    var key: [UInt8] = SSHCertificate.field(Array(plainType.utf8))
    for _ in 0..<count {
      guard let field = reader.field() else { return nil }
      key += SSHCertificate.field(Array(field))
    }
    guard let serial = reader.number(bytes: 8), reader.number(bytes: 4) != nil,
      let keyID = reader.field(), var names = reader.field().map(Reader.init(bytes:)),
      let validAfter = reader.number(bytes: 8), let validBefore = reader.number(bytes: 8)
    else { return nil }
    var principals: [String] = []
    while !names.bytes.isEmpty {
      guard let name = names.field() else { return nil }
      principals.append(SSHCertificate.text(name))
    }
    self.serial = serial
    self.principals = principals
    self.keyID = SSHCertificate.text(keyID)
    self.validAfter = validAfter
    self.validBefore = validBefore
    let digest = Data(SHA256.hash(data: key)).base64EncodedString()
    self.fingerprint = "SHA256:" + digest.replacing("=", with: "")
  }

  /// What a settlement says of it.
  var signed: SignedCertificate {
    SignedCertificate(
      serial: String(serial), keyID: keyID, fingerprint: fingerprint,
      validAfter: validAfter == 0 ? nil : SSHCertificate.moment(validAfter),
      validBefore: validBefore == .max ? nil : SSHCertificate.moment(validBefore))
  }

  private static func moment(_ seconds: UInt64) -> String? {
    // The year 9999 is as far as RFC 3339 goes.
    guard seconds < 253_402_300_800 else { return nil }
    return Timestamp(microseconds: Int64(seconds) * 1_000_000).description
  }

  /// A key id or a principal may be any bytes, and when it is here it is signed. What is no line of visible
  /// text, or too long for the trail, is given as URLs have it (an empty one as a percent sign alone), and cut.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(bytes: bytes, encoding: .utf8),
      let valid = try? IdentityText.validate(text)
    {
      return valid
    }
    let text = bytes.reduce(into: "") { text, byte in
      if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let code = String(byte, radix: 16, uppercase: true)
        text += byte < 0x10 ? "%0\(code)" : "%\(code)"
      }
    }
    guard text.utf8.count > IdentityText.maximumBytes else { return text.isEmpty ? "%" : text }
    return text.prefix(IdentityText.maximumBytes - "…".utf8.count) + "…"
  }

  /// `ssh-ed25519` for `ssh-ed25519-cert-v01@openssh.com`.
  private static func plainType(of type: String) -> String? {
    let suffix = "-cert-v01@openssh.com"
    guard type.hasSuffix(suffix) else { return nil }
    let plain = String(type.dropLast(suffix.count))
    return plain.hasPrefix("sk-") ? plain + "@openssh.com" : plain
  }

  private static func field(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
  }

  /// Takes fields off the front of a blob.
  private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func number(bytes count: Int) -> UInt64? {
      guard bytes.count >= count else { return nil }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func field() -> ArraySlice<UInt8>? {
      guard let length = number(bytes: 4), length <= UInt64(bytes.count) else { return nil }
      defer { bytes = bytes.dropFirst(Int(length)) }
      return bytes.prefix(Int(length))
    }

    mutating func text() -> String? {
      field().flatMap { String(bytes: $0, encoding: .utf8) }
    }
  }
}
