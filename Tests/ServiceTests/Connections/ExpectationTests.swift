import Testing
import TrustBudgetTesting

/// Callers that ask before they send a body: `Expect: 100-continue`.
@Suite(.service())
struct ExpectationTests {
  private static func body(for budget: String) -> String {
    #"{"username":"u","budget_id":"\#(budget)"}"#
  }

  private static func head(_ more: String, version: String = "1.1", length: Int) -> String {
    "POST /v1/charges HTTP/\(version)\r\nhost: a\r\nexpect: 100-Continue\r\n"
      + "content-length: \(length)\r\n\(more)\r\n"
  }

  @Test func `a caller is told to send its body, and its connection goes on`() async throws {
    let socket = try Socket(to: Service.current.node)
    for round in 1...2 {
      let body = Self.body(for: "asked")
      socket.send(
        Self.head(round == 2 ? "connection: close\r\n" : "", length: body.utf8.count))
      #expect(await socket.answer(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      socket.send(body)
      let answer = await socket.answer(through: "}}")
      #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
      #expect(answer.contains(#""remaining":\#(100 - round)"#), "\(answer)")
    }
    #expect(await socket.answer() == "")
  }

  @Test(arguments: [
    ("413", 65_537, ""), ("413", 1 << 40, ""), ("403", 40, "origin: https://page.example\r\n"),
  ])
  func `a caller whose body is not wanted hears so at once, and sends none`(
    status: String, length: Int, header: String
  ) async throws {
    let socket = try Socket(to: Service.current.node)
    socket.send(Self.head(header, length: length))
    let answer = try #require(await socket.answer())
    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
    #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
  }

  @Test func `a body that comes unasked is taken, and HTTP/1.0 knows no such answer`() async throws
  {
    let body = Self.body(for: "unasked")
    for (version, interim) in [("1.1", "100 Continue\r\n\r\nHTTP/1.1 "), ("1.0", "")] {
      let socket = try Socket(to: Service.current.node)
      socket.send(
        Self.head("connection: close\r\n", version: version, length: body.utf8.count) + body)
      let answer = try #require(await socket.answer())
      #expect(answer.hasPrefix("HTTP/1.1 \(interim)200 "), "\(answer)")
    }
  }
}
