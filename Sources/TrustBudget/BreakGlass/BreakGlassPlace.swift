/// Where an event stands in the order of time, over all journals.
///
/// Journals have clocks of their own, so two events may have one time; the journal and the number
/// decide then.
package struct BreakGlassPlace: Hashable, Comparable, Sendable {
  package let occurredAt: Timestamp
  package let journalID: String
  package let sequence: Int64

  package static func < (a: BreakGlassPlace, b: BreakGlassPlace) -> Bool {
    (a.occurredAt.microseconds, a.journalID, a.sequence)
      < (b.occurredAt.microseconds, b.journalID, b.sequence)
  }
}

extension BreakGlassPlace: CustomStringConvertible {
  /// A cursor for the next page, which `init(_:)` reads.
  package var description: String { "\(occurredAt.microseconds).\(journalID).\(sequence)" }

  /// - Throws: `InvalidValue` unless it is what `description` writes.
  package init(_ text: String) throws(InvalidValue) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isUUID =
      parts.count == 3
      && parts[1].wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil
    // Years that PostgreSQL and everybody else can write.
    guard isUUID, let microseconds = Int64(parts[0]),
      (0...250_000_000_000_000_000).contains(microseconds), let sequence = Int64(parts[2]),
      sequence > 0
    else { throw InvalidValue("must be the next_cursor of the page before") }
    self.init(
      occurredAt: Timestamp(microseconds: microseconds), journalID: String(parts[1]),
      sequence: sequence)
    // No sign, and no zero in front.
    guard description == text else {
      throw InvalidValue("must be the next_cursor of the page before")
    }
  }
}

extension BreakGlassEvent {
  package var place: BreakGlassPlace {
    BreakGlassPlace(occurredAt: occurredAt, journalID: journalID, sequence: sequence)
  }
}
