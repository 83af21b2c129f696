/// Text of any kind, and JSON as text. The server refuses a NUL character in it (22021).
extension String: PostgresScalar {
  package static var postgresType: PostgresType { .text }
  package static var arrayType: PostgresType { .textArray }

  /// What comes before a `jsonb`'s text: the format's version.
  private static let jsonbVersion: UInt8 = 1

  package static func canWrite(as type: PostgresType) -> Bool {
    switch type {
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .unknown: true
    default: false
    }
  }

  package static func canRead(_ type: PostgresType) -> Bool {
    canWrite(as: type)
  }

  package func write(as type: PostgresType, into buffer: inout PostgresBuffer) {
    if type == .jsonb { buffer.append(Self.jsonbVersion) }
    var text = self
    text.withUTF8 { buffer.append(contentsOf: UnsafeRawBufferPointer($0)) }
  }

  package static func read(
    _ bytes: UnsafeRawBufferPointer, as type: PostgresType
  ) throws(PostgresValueError) -> String {
    guard type == .jsonb else { return String(decoding: bytes, as: UTF8.self) }
    guard bytes.first == jsonbVersion else {
      throw PostgresValueError("is a jsonb of a version that isn't known here")
    }
    return String(decoding: bytes.dropFirst(), as: UTF8.self)
  }
}
