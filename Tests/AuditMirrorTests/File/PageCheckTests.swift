import ClaimedFile
import Foundation
import Testing
import TrustBudgetTesting

@testable import AuditMirror

/// A look at all pages of a file, beside the work on it.
@Suite struct PageCheckTests {
  @Test func `a sound file is looked at once, and another one in its place again`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.file("audit.db")
      let claim = try ClaimedFile(claiming: path, holder: "test")
      let checked = CheckedFile()
      try claim.make()
      try MirrorFile(path: path).execute("CREATE TABLE one (x)")
      let first = try #require(checked.check(claim))
      #expect(try await eventually { checked.check(claim) == nil })
      #expect(first.damage == nil)
      first.end()

      #expect(rename(path, path + ".away") == 0)
      try claim.make()
      let other = try #require(checked.check(claim))
      other.end()
    }
  }
}
