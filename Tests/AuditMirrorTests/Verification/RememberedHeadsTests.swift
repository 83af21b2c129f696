import Testing
import TrustBudget

@testable import AuditMirror

/// The ends of chains that a mirror remembers.
@Suite struct RememberedHeadsTests {
  private func head(_ sequence: Int64) -> ChainHead {
    ChainHead(sequence: sequence, hash: .zero, balance: 0)
  }

  @Test func `they are the newest of their chains`() {
    var heads = RememberedHeads()
    #expect(heads["user:alice"] == nil)
    heads.remember(head(1), of: "user:alice")
    heads.remember(head(2), of: "user:alice")
    #expect(heads["user:alice"] == head(2))
    #expect(heads.count == 1)
  }

  @Test(arguments: [1, 2, 95, 960])
  func `there are never more than there is room for`(capacity: Int) {
    var heads = RememberedHeads(capacity: capacity)
    for number in 0..<(3 * capacity) {
      heads.remember(head(1), of: "user:\(number)")
      #expect(heads.count <= capacity)
      #expect(heads["user:\(number)"] == head(1))
    }
  }

  @Test func `they are not all forgotten for one more`() {
    var heads = RememberedHeads(capacity: 960)
    for number in 0..<960 { heads.remember(head(1), of: "user:\(number)") }
    // One that is there already needs no room.
    heads.remember(head(2), of: "user:7")
    #expect(heads.count == 960)
    heads.remember(head(1), of: "user:960")
    #expect(heads.count == 951)
  }
}
