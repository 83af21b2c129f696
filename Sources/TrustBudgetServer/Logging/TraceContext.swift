/// Which trace a request belongs to: W3C Trace Context's header `traceparent`.
struct TraceContext: Hashable, Sendable {
  let traceID: String
  /// The caller's span.
  let parentID: String
  let flags: String

  /// - Returns: nil when the header is not as the standard has it; then there is no trace.
  init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    // A later version may have more parts; those of version 00 stay where they are.
    guard parts.count == 4 || (parts.count > 4 && parts[0] != "00"),
      parts[0].isLowercaseHexadecimal(2), parts[0] != "ff",
      parts[1].isLowercaseHexadecimal(32), parts[1].contains(where: { $0 != "0" }),
      parts[2].isLowercaseHexadecimal(16), parts[2].contains(where: { $0 != "0" }),
      parts[3].isLowercaseHexadecimal(2)
    else { return nil }
    (traceID, parentID, flags) = (parts[1], parts[2], parts[3])
  }

  /// This request's own span within the trace.
  let spanID: String = {
    let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }()

  /// What the answer carries: the same trace, this request's span.
  var traceparent: String { "00-\(traceID)-\(spanID)-\(flags)" }
}

extension String {
  fileprivate func isLowercaseHexadecimal(_ count: Int) -> Bool {
    utf8.count == count
      && utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
