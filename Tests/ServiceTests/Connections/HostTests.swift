import Testing

/// The one field that a request must have.
@Suite(.service())
struct HostTests {
  private func status(of host: String) async throws -> Int? {
    let answer = try await RawHTTP.exchange(
      "GET /healthz HTTP/1.1\r\nhost:\(host)\r\nconnection: close\r\n\r\n",
      with: Service.current.node)
    return answer.firstMatch(of: #/^HTTP/1\.1 ([0-9]{3})/#).flatMap { Int($0.1) }
  }

  @Test(arguments: [
    "a", " a.example:8470 ", "", " ", ":", "a:", ":80", "127.0.0.1:8470", "[::1]", "[::1]:8470",
    "[::ffff:10.0.0.1]:", "A_b-c~d", "%2Frun%2fnode", "xn--bcher-kva.example.", "a,b", "!$&'()*+;=",
  ])
  func `a host's name or address is taken`(host: String) async throws {
    #expect(try await status(of: host) == 200)
  }

  @Test(arguments: [
    "a b/c", "a b", "a/b", "http://a", "a@b", "a:b", "a:80:80", "a:-1", "a%2", "a%zz", "%", "a?b",
    "a#b", "a\\b", "a\"b", "<a>", "[::1", "::1", "[::1]x", "[]", "[10.0.0.1]", "[a]", "[::1%25lo]",
    "bücher.example",
  ])
  func `what names no host is refused`(host: String) async throws {
    #expect(try await status(of: host) == 400)
  }
}
