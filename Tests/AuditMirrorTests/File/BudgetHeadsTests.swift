import GRDB
import Testing
import TrustBudget

@testable import AuditMirror

/// The ends of chains: remembered, written a part at a time, and found again in the file.
@Suite struct BudgetHeadsTests {
  @Test func `they are the newest of their chains`() throws {
    try withFile { db in
      var heads = try BudgetHeads(db)
      #expect(try heads.head(of: "user:alice", db) == nil)
      heads.move("user:alice", to: head(1))
      heads.move("user:alice", to: head(2))
      #expect(try heads.head(of: "user:alice", db) == head(2))
      #expect(heads.count == 1)
    }
  }

  @Test(arguments: [1, 2, 95, 960])
  func `what is written is forgotten where there is no room, and found again`(capacity: Int)
    throws
  {
    try withFile { db in
      var heads = try BudgetHeads(capacity: capacity, db)
      for number in 1...(3 * capacity) {
        heads.move("user:\(number)", to: head(Int64(number)))
        try heads.writeAll(through: Int64(number), db)
        #expect(heads.count <= capacity + 1)
      }
      for number in 1...(3 * capacity) {
        #expect(try heads.head(of: "user:\(number)", db) == head(Int64(number)))
      }
    }
  }

  @Test func `who was remembered first is forgotten first`() throws {
    try withFile { db in
      var heads = try BudgetHeads(capacity: 10, db)
      for number in 1...15 {
        heads.move("user:\(number)", to: head(1))
        try heads.writeAll(through: Int64(number), db)
      }
      try db.execute(sql: "DELETE FROM budget_heads")
      let remembered = try (1...15).filter { try heads.head(of: "user:\($0)", db) != nil }
      #expect(remembered == Array(6...15))
    }
  }

  @Test func `what is not written is not forgotten`() throws {
    try withFile { db in
      var heads = try BudgetHeads(capacity: 10, db)
      for number in 1...30 { heads.move("user:\(number)", to: head(1)) }
      for number in 1...30 { #expect(try heads.head(of: "user:\(number)", db) == head(1)) }
      try heads.writeAll(through: 30, db)
      heads.move("user:31", to: head(1))
      #expect(heads.count == 30)
      #expect(try recorded(db).count == 30)
    }
  }

  @Test func `they are written a part at a time, once there are enough entries`() throws {
    try withFile { db in
      var heads = try BudgetHeads(interval: 4, db)
      for row in 1...3 {
        heads.move("user:\(row)", to: head(1))
        try heads.write(2, through: Int64(row), db)
      }
      #expect(try recorded(db) == [:])
      heads.move("user:4", to: head(1))
      try heads.write(2, through: 4, db)
      // The first two, in the table's order. The file says of none yet that all before it are known.
      #expect(try recorded(db) == ["user:1": 1, "user:2": 1])
      try heads.save(db)
      #expect(try BudgetHeads.through(db) == 0)

      heads.move("user:1", to: head(2))
      heads.move("user:3", to: head(2))
      try heads.write(2, through: 6, db)
      try heads.save(db)
      // One that has moved meanwhile is written as it is; one that was written before waits for the next time.
      #expect(try recorded(db) == ["user:1": 1, "user:2": 1, "user:3": 2, "user:4": 1])
      #expect(try BudgetHeads.through(db) == 4)

      try heads.writeAll(through: 6, db)
      try heads.save(db)
      #expect(try recorded(db)["user:1"] == 2)
      #expect(try BudgetHeads.through(db) == 6)
    }
  }

  @Test func `one that moves on to an entry from long ago is written when a transaction ends`()
    throws
  {
    try withFile { db in
      var heads = try BudgetHeads(db)
      heads.move("user:alice", to: head(1))
      heads.move("user:bob", to: head(5), isLate: true)
      try heads.save(db)
      #expect(try recorded(db) == ["user:bob": 5])
    }
  }

  @Test func `a file that is opened again brings its table up to its end`() throws {
    try withFile { db in
      try append([("a", 1), ("b", 1), ("a", 2)], db)
      _ = try BudgetHeads(db)
      #expect(try recorded(db) == ["a": 2, "b": 1])
      // Entry 4 of a waits for the one before it; the table knows better of b than the entries that follow.
      try append([("a", 4), ("b", 2)], db)
      try db.execute(
        sql: """
          INSERT INTO awaited VALUES ('a', 4, 1, 10);
          UPDATE budget_heads SET last_seq = 3 WHERE budget_id = 'b'
          """)
      let heads = try BudgetHeads(db)
      #expect(try recorded(db) == ["a": 2, "b": 3])
      #expect(try heads.head(of: "a", db)?.balance == 98)
    }
  }

  private func head(_ sequence: Int64) -> ChainHead {
    ChainHead(sequence: sequence, hash: .zero, balance: 0)
  }

  private func recorded(_ db: Database) throws -> [String: Int64] {
    let rows = try Row.fetchAll(db, sql: "SELECT budget_id, last_seq FROM budget_heads")
    return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
  }

  /// Entries of budgets that had 100 points, and one less after each.
  private func append(_ entries: [(budget: String, sequence: Int64)], _ db: Database) throws {
    for (budget, sequence) in entries {
      try db.execute(
        sql: """
          INSERT INTO audit_entries VALUES (1, 1, 1, ?, ?, 'charge', NULL, 1, 0, 100 - ?, NULL, 1,
            NULL, NULL, NULL, 'node', '{}', '2026-01-02 03:04:05.678901', zeroblob(32))
          """,
        arguments: [budget, sequence, sequence])
    }
  }

  /// Lends an empty file.
  private func withFile(_ body: (Database) throws -> Void) throws {
    try DatabaseQueue().writeWithoutTransaction { db in
      try FileSummary.create(
        ledger: LedgerIdentity(id: "22fd589a-f15e-41aa-bcb9-b0a140a83c5e", epoch: 1), filter: nil,
        db)
      try body(db)
    }
  }
}
