import GRDB
import TrustBudget

/// What is noted of each entry that comes: whose it is, and its hash.
///
/// Together they are the second copy by which an entry that was taken away, or rewritten with its hash,
/// is known. Written one after another, they cost a small part of what a row for each budget's newest
/// entry does, of which every charge would touch another page.
struct EntryReceipt: Hashable {
  let budgetID: String
  let sequence: Int64
  let hash: Digest

  /// The rowids of a file's entries, in their order, and with each what ``init(reading:)`` reads.
  static let ofEntries =
    "SELECT rowid, budget_id, budget_seq, hash FROM audit_entries ORDER BY rowid"

  init(_ entry: Entry) {
    (budgetID, sequence, hash) = (entry.budgetID.value, entry.sequence, entry.hash)
  }

  var place: TrailPlace { TrailPlace(chain: .budget(budgetID), sequence: sequence) }

  init(reading row: inout FileStatement) throws(InvalidValue) {
    budgetID = try row.text()
    sequence = try row.count()
    hash = try row.digest()
  }
}

/// Receipts of entries that follow each other in the file, as one row of `receipts`.
struct EntryReceipts {
  private var content: [UInt8] = []
  private var count: Int64 = 0

  /// The length of the budget's id, the id, the number, the hash.
  mutating func append(_ receipt: EntryReceipt) {
    content.append(field: receipt.budgetID)
    withUnsafeBytes(of: receipt.sequence.bigEndian) { content.append(contentsOf: $0) }
    receipt.hash.withUnsafeBytes { content.append(contentsOf: $0) }
    count += 1
  }

  /// - Parameter lastRow: the rowid of the last of their entries.
  func save(endingAt lastRow: Int64, _ db: Database) throws {
    guard count > 0 else { return }
    var insert = try FileStatement(db, "INSERT INTO receipts VALUES (?,?,?)")
    insert.put(lastRow - count + 1)
    insert.put(count)
    insert.put(content)
    try insert.run()
  }

  /// All the receipts of a file, in the order of the entries.
  ///
  /// - Parameter body: is given the rowid that an entry had when it came, too.
  /// - Throws: `InvalidValue` where they are not what was written.
  static func forEach(
    _ db: Database, _ body: (_ row: Int64, EntryReceipt) throws -> Void
  ) throws {
    var rows = try FileStatement(
      db, "SELECT first_row, rows, content FROM receipts ORDER BY first_row")
    defer { rows.reset() }
    while try rows.step() {
      let span = try span(reading: &rows)
      var rest = try rows.bytes()[...]
      for row in span {
        guard let receipt = EntryReceipt(readingFrom: &rest) else { throw damaged(span.lowerBound) }
        try body(row, receipt)
      }
      guard rest.isEmpty else { throw damaged(span.lowerBound) }
    }
  }

  /// The rowid of the last entry that has come, by the receipts of a file.
  ///
  /// - Throws: `InvalidValue` where the last of them are not what was written.
  static func through(_ db: Database) throws -> Int64 {
    var row = try FileStatement(
      db, "SELECT first_row, rows FROM receipts ORDER BY first_row DESC LIMIT 1")
    return try row.first { try span(reading: &$0).upperBound - 1 } ?? 0
  }

  /// The rowids of the entries that share a row.
  private static func span(reading row: inout FileStatement) throws(InvalidValue) -> Range<Int64> {
    let first = try row.count()
    let count = try row.count()
    guard count > 0 else { throw damaged(first) }
    return first..<first + count
  }

  private static func damaged(_ first: Int64) -> InvalidValue {
    InvalidValue(
      "must be whole, and as many as \"rows\" says (in the row whose first_row is \(first))")
  }
}

extension EntryReceipt {
  /// - Returns: nil where no whole one begins.
  fileprivate init?(readingFrom bytes: inout ArraySlice<UInt8>) {
    func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard bytes.count >= count else { return nil }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    guard let length = take(4).map(number),
      let name = take(Int(length)).flatMap({ String(utf8: $0.span) }),
      let sequence = take(8).map(number), let hash = take(Digest.count),
      let digest = Digest(bytes: Array(hash))
    else { return nil }
    budgetID = name
    self.sequence = Int64(bitPattern: sequence)
    self.hash = digest
  }
}
