/// PostgreSQL has another event under a number than the journal: two nodes have written under the
/// identity of one, a copied disk say, or one of the trails was rewritten.
package struct BreakGlassFork: Error, Hashable, Sendable, CustomStringConvertible {
  package let journalID: String
  package let sequence: Int64

  package init(journalID: String, sequence: Int64) {
    self.journalID = journalID
    self.sequence = sequence
  }

  package var description: String {
    "PostgreSQL has another event \(sequence) of journal \(journalID) than this node"
  }
}
