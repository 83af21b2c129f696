/// Why a value can't be read; continues a sentence that starts with the column.
package struct PostgresValueError: Error {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  static func length(_ bytes: UnsafeRawBufferPointer, for type: PostgresType) -> Self {
    PostgresValueError("has \(bytes.count) bytes, which is no \(type)")
  }
}
