import Testing
import TrustBudget

/// What is a token, and what isn't.
struct TokenSecretTests {
  @Test func `a new token is another one each time, and is read again`() throws {
    let secrets = (0..<1_000).map { _ in TokenSecret.random() }
    #expect(Set(secrets.map(\.text)).count == 1_000)
    for secret in secrets {
      let read = try #require(TokenSecret(secret.text))
      #expect(read.text == secret.text && read.digest == secret.digest)
      #expect(secret.text.wholeMatch(of: #/tb_[A-Za-z0-9_-]{43}/#) != nil)
    }
  }

  @Test(arguments: [
    "", "tb_", "tb_" + String(repeating: "a", count: 42), "tb_" + String(repeating: "a", count: 44),
    "tc_" + String(repeating: "a", count: 43), "tb_" + String(repeating: "a", count: 42) + "=",
    "tb_" + String(repeating: "a", count: 42) + "\n", "tb_" + String(repeating: "é", count: 43),
  ])
  func `other text is none`(text: String) {
    #expect(TokenSecret(text) == nil)
  }

  @Test func `a token that is printed by mistake gives nothing away`() {
    let secret = TokenSecret.random()
    #expect(!"\(secret)".contains(secret.text.dropFirst(3)))
    #expect("\(secret)" == "tb_…")
  }
}
