import Testing
import TrustBudget
import TrustBudgetServer

/// Which looks at a changing file find something to take. Each letter is a content; `a` is in use.
struct FileWatchTests {
  @Test(arguments: [
    ("aaa", "..."),
    ("bbb", ".b."),
    // Half of it was there at one look.
    ("hbb", "..b"),
    ("hahbb", "....b"),
    // It never rests.
    ("bcdbcd", "......"),
    // Something else for a moment, and it is as it was.
    ("aba", "..."),
    ("bbaa", ".b.a"),
    ("bbxbb", ".b..."),
  ])
  func `a change is taken once two looks in a row see the same`(looks: String, taken: String) {
    func digest(_ content: Character) -> Digest { Digest(hashing: Array(String(content).utf8)) }
    var watch = FileWatch(taken: digest("a"))
    #expect(String(looks.map { watch.isSettledChange(digest($0)) ? $0 : "." }) == taken)
  }
}
