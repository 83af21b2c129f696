import GRDB
import TrustBudget

/// Follows every journal's chain as break-glass events come in.
struct JournalFollower {
  private var chains: [String: BreakGlassChain]
  private var changed: Set<String> = []
  private var awaited: AwaitedRows<MirroredEvent>

  /// Goes on where the file ends.
  init(_ db: Database) throws {
    chains = try JournalFollower.heads(db)
    awaited = try AwaitedRows(db)
  }

  /// Takes an event that is about to be written to the file.
  ///
  /// PostgreSQL is a copy here: an event that was lost there is sent again by the node that has it,
  /// and comes in another place. It takes the place of the file's row, and must say the same: a hash that
  /// was left as it is proves nothing.
  ///
  /// - Returns: whether the file has not had it before.
  /// - Throws: `MirrorRefusal` where it doesn't fit.
  mutating func take(_ row: MirroredEvent, of window: TrailWindow, _ db: Database) throws -> Bool {
    let (journal, sequence) = (row.event.journalID, row.event.sequence)
    var chain = chains[journal] ?? BreakGlassChain(journalID: journal)
    guard sequence > chain.sequence, !awaited.contains(sequence, of: journal) else {
      guard let known = try JournalFollower.event(journal, sequence, db) else {
        throw MirrorRefusal.gone(row.place)
      }
      guard row.event.repeats(known) else { throw MirrorRefusal.forked(row.place) }
      return false
    }
    guard sequence == chain.sequence + 1 else {
      awaited.add(row, sequence, of: journal, window: window)
      return true
    }
    do throws(TrailFault) {
      try chain.verify(row.event)
      while let next = awaited.take(chain.sequence + 1, of: journal) {
        try chain.verify(next.event)
      }
    } catch {
      throw MirrorRefusal.broken(error)
    }
    chains[journal] = chain
    changed.insert(journal)
    return true
  }

  /// - Throws: `MirrorRefusal.gap`.
  func endWindow(_ window: TrailWindow) throws { try awaited.endWindow(window) }

  /// Whether events wait for others.
  var isWaiting: Bool { !awaited.isEmpty }

  /// Writes what has changed.
  mutating func save(_ db: Database) throws {
    var put = try FileStatement(db, "INSERT OR REPLACE INTO break_glass_journals VALUES (?,?,?)")
    for chain in changed.compactMap({ chains[$0] }) {
      put.put(chain.journalID)
      put.put(chain.sequence)
      put.put(chain.hash)
      try put.run()
    }
    changed.removeAll()
    try awaited.save(db)
  }

  /// The recorded heads of the journals.
  static func heads(_ db: Database) throws -> [String: BreakGlassChain] {
    var rows = try FileStatement(
      db, "SELECT journal_id, last_seq, last_hash FROM break_glass_journals")
    var heads: [String: BreakGlassChain] = [:]
    while try rows.step() {
      let journalID = try rows.text()
      heads[journalID] = BreakGlassChain(
        journalID: journalID, sequence: try rows.count(), hash: try rows.digest())
    }
    return heads
  }

  private static func event(
    _ journalID: String, _ sequence: Int64, _ db: Database
  ) throws -> BreakGlassEvent? {
    var row = try FileStatement(
      db,
      """
      SELECT \(MirroredEvent.fileColumns) FROM break_glass_events
      WHERE journal_id = ? AND node_seq = ?
      """)
    row.put(journalID)
    row.put(sequence)
    return try row.first { try MirroredEvent(reading: &$0).event }
  }
}

extension BreakGlassEvent {
  /// Whether it is another event to the letter, in all that the hash covers, and in the hash.
  fileprivate func repeats(_ other: BreakGlassEvent) -> Bool {
    hash == other.hash && hash(after: .zero) == other.hash(after: .zero)
  }
}
