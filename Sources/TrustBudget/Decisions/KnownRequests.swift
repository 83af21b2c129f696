/// What the trail already holds under some request ids: why asking twice takes nothing twice.
package struct KnownRequests: Sendable {
  /// Charges, with what became of them.
  package var charges: [RequestID: ChargeRecord] = [:]
  /// Administrators' adjustments and resets.
  package var changes: [RequestID: RequestContent] = [:]

  package init() {}

  /// - Parameter entries: entries with request ids, denials aside, of any number of requests.
  package init(entries: [Entry]) {
    for (id, entries) in Dictionary(grouping: entries, by: \.requestID) {
      guard let id = id.flatMap({ try? RequestID($0) }) else { continue }
      if let charge = ChargeRecord(entries: entries) { charges[id] = charge }
      for entry in entries where entry.kind == .adjustment || entry.kind == .reset {
        if let fingerprint = EntryDetail(entry.detail)?.request {
          changes[id] = RequestContent(fingerprint: fingerprint)
        }
      }
    }
  }
}
