import CPostgreSQL

/// The fields of an error or a notice; the codes are the protocol's.
enum DiagnosticField: UInt8 {
  case severity = 0x56  // V: never translated, unlike S
  case sqlState = 0x43  // C
  case message = 0x4D  // M
  case detail = 0x44  // D
  case hint = 0x48  // H
  case position = 0x50  // P
  case context = 0x57  // W
  case schema = 0x73  // s
  case table = 0x74  // t
  case column = 0x63  // c
  case constraint = 0x6E  // n
  case function = 0x52  // R: of the server's source

  func value(in result: OpaquePointer?) -> String? {
    PQresultErrorField(result, Int32(rawValue)).map { String(cString: $0) }
  }
}
