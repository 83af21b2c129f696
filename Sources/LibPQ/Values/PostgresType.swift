/// A PostgreSQL type by its OID. The constants are the built-in types that values can have here.
package struct PostgresType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let bool = PostgresType(rawValue: 16)
  package static let bytea = PostgresType(rawValue: 17)
  package static let name = PostgresType(rawValue: 19)
  package static let int8 = PostgresType(rawValue: 20)
  package static let int2 = PostgresType(rawValue: 21)
  package static let int4 = PostgresType(rawValue: 23)
  package static let text = PostgresType(rawValue: 25)
  package static let oid = PostgresType(rawValue: 26)
  package static let tid = PostgresType(rawValue: 27)
  package static let json = PostgresType(rawValue: 114)
  package static let unknown = PostgresType(rawValue: 705)
  package static let bpchar = PostgresType(rawValue: 1042)
  package static let varchar = PostgresType(rawValue: 1043)
  package static let timestamp = PostgresType(rawValue: 1114)
  package static let timestamptz = PostgresType(rawValue: 1184)
  package static let interval = PostgresType(rawValue: 1186)
  package static let jsonb = PostgresType(rawValue: 3802)
  package static let xid8 = PostgresType(rawValue: 5069)

  package static let boolArray = PostgresType(rawValue: 1000)
  package static let byteaArray = PostgresType(rawValue: 1001)
  package static let int2Array = PostgresType(rawValue: 1005)
  package static let int4Array = PostgresType(rawValue: 1007)
  package static let textArray = PostgresType(rawValue: 1009)
  package static let tidArray = PostgresType(rawValue: 1010)
  package static let int8Array = PostgresType(rawValue: 1016)
  package static let timestamptzArray = PostgresType(rawValue: 1185)
  package static let intervalArray = PostgresType(rawValue: 1187)
  package static let jsonArray = PostgresType(rawValue: 199)
  package static let xid8Array = PostgresType(rawValue: 271)

  /// The element's type, if this is an array's.
  package var element: PostgresType? { Self.elements[self] }

  /// The type's name in SQL, or its OID.
  package var description: String {
    if let element { return "\(element)[]" }
    return Self.names[self] ?? "a type with OID \(rawValue)"
  }

  private static let elements: [PostgresType: PostgresType] = [
    .boolArray: .bool, .byteaArray: .bytea, .int2Array: .int2, .int4Array: .int4,
    .textArray: .text, .tidArray: .tid, .int8Array: .int8, .timestamptzArray: .timestamptz,
    .intervalArray: .interval, .jsonArray: .json, .xid8Array: .xid8,
  ]

  private static let names: [PostgresType: String] = [
    .bool: "bool", .bytea: "bytea", .name: "name", .int8: "int8",
    .int2: "int2", .int4: "int4", .text: "text", .oid: "oid", .tid: "tid", .json: "json",
    .unknown: "unknown", .bpchar: "bpchar", .varchar: "varchar", .timestamp: "timestamp",
    .timestamptz: "timestamptz", .interval: "interval", .jsonb: "jsonb",
    .xid8: "xid8",
  ]
}
