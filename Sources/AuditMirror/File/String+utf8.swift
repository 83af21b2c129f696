extension String {
  /// A text whose bytes are UTF-8, as they are.
  ///
  /// `String(validating:as:)` does the same, and takes four times as long for a short one.
  ///
  /// - Returns: nil for other bytes. `String(decoding:as:)` would repair them, into a text that has the hash of
  ///   another one.
  init?(utf8 bytes: Span<UInt8>) {
    do throws(UTF8.ValidationError) {
      self.init(copying: try UTF8Span(validating: bytes))
    } catch {
      return nil
    }
  }
}
