import Glibc
import Testing
import TrustBudgetTesting

/// What callers may not do, and that it does the others no harm.
struct BoundsTests {
  private func withNode(
    _ options: String..., body: (RunningNode) async throws -> Void
  ) async throws {
    try await Service.withGround { database, directory in
      let policy = try directory.write(SamplePolicy.text, to: "policy.yaml")
      try await RunningNode.with(on: database.connectionString, policy: policy, options) { node in
        try await body(node)
        #expect(try await node.authorize("dev-after").status == 200)
      }
    }
  }

  private static let charge = #"{"username":"x","budget_id":"team:smuggled","cost":1}"#

  private static func post(_ headers: String, _ body: String = charge) -> String {
    "POST /v1/charges HTTP/1.1\r\nhost: a\r\n\(headers)\r\n\r\n\(body)"
  }

  /// Requests that two programs might understand in two ways.
  private static let smuggled = [
    ("both lengths", post("content-length: 3\r\ntransfer-encoding: chunked", "0\r\n\r\n")),
    (
      "both lengths, chunked first",
      post("transfer-encoding: chunked\r\ncontent-length: 3", "0\r\n\r\n")
    ),
    ("two lengths", post("content-length: 53\r\ncontent-length: 54")),
    ("the same length twice", post("content-length: 53\r\ncontent-length: 53")),
    ("a list of lengths", post("content-length: 53, 53")),
    ("a negative length", post("content-length: -1")),
    ("a length with a sign", post("content-length: +53")),
    ("an endless length", post("content-length: 99999999999999999999")),
    ("an unknown coding", post("transfer-encoding: xchunked", "0\r\n\r\n")),
    ("a coding after chunked", post("transfer-encoding: chunked, identity", "0\r\n\r\n")),
    ("line feeds alone", "POST /v1/charges HTTP/1.1\nhost: a\ncontent-length: 53\n\n" + charge),
    ("a folded header", post("content-length: 53\r\nx: a\r\n b")),
    ("a space before the colon", post("content-length : 53")),
    ("a space before a header", "GET /healthz HTTP/1.1\r\n host: a\r\n\r\n"),
    ("a NUL in a header", post("content-length: 53\r\nx: a\0b")),
    ("a NUL in a name", post("content-length: 53\r\nx\0y: a")),
    ("a carriage return in a header", post("content-length: 53\r\nx: a\rb")),
    ("a wrong chunk", post("transfer-encoding: chunked", "zz\r\nabc\r\n0\r\n\r\n")),
    ("no host", "GET /healthz HTTP/1.1\r\n\r\n"),
    ("two hosts", post("content-length: 53\r\nHost: b")),
    ("two hosts in HTTP/1.0", "GET /healthz HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n"),
    ("no host's name", "GET /healthz HTTP/1.1\r\nhost: a b/c\r\n\r\n"),
    ("no version", "GET /healthz\r\n\r\n"), ("another version", "GET / HTTP/3.7\r\n\r\n"),
    ("another protocol", "EHLO there\r\n\r\n"),
    ("TLS", "\u{16}\u{3}\u{1}\0\u{2}hello there\r\n\r\n"),
  ]

  @Test func `a request that can be taken in two ways is refused, and ends its connection`()
    async throws
  {
    try await withNode { node in
      for (name, request) in Self.smuggled {
        let socket = try Socket(to: node)
        socket.send(request + "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")
        let answer = try #require(await socket.answer(), "\(name): still open")
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(name): \(answer)")
        #expect(answer.contains("urn:trust-budget:invalid-request"), "\(name): \(answer)")
        #expect(!answer.contains("smuggled"), "\(name): \(answer)")
        #expect(answer.matches(of: /HTTP\/1\.1 [0-9]/).count == 1, "\(name): \(answer)")
      }
      let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
      let count = Self.smuggled.count
      #expect(
        metrics.contains(#"trust_budget_problems_total{problem="invalid-request"} \#(count)"#))
      #expect(try await node.get("/v1/budgets/team:smuggled").status == 404)
    }
  }

  @Test(arguments: ["gzip, chunked", "x, Chunked", "deflate\r\ntransfer-encoding: chunked"])
  func `a transfer coding that is not understood is said so, and ends its connection`(
    coding: String
  ) async throws {
    try await withNode { node in
      let socket = try Socket(to: node)
      let length = String(Self.charge.utf8.count, radix: 16)
      socket.send(
        Self.post("transfer-encoding: \(coding)", "\(length)\r\n\(Self.charge)\r\n0\r\n\r\n"))
      let answer = try #require(await socket.answer(), "still open")
      #expect(answer.hasPrefix("HTTP/1.1 501 "), "\(answer)")
      #expect(answer.contains("urn:trust-budget:unsupported-transfer-coding"), "\(answer)")
      #expect(answer.contains("chunked"), "\(answer)")
      #expect(try await node.get("/v1/budgets/team:smuggled").status == 404)
    }
  }

  @Test func `pipelined requests are answered in order`() async throws {
    try await withNode { node in
      let socket = try Socket(to: node)
      let paths = (0..<50).map { "/v1/charges/pipelined-\($0)" }
      socket.send(paths.map { "GET \($0) HTTP/1.1\r\nhost: a\r\n\r\n" }.joined())
      socket.send("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
      let answer = try #require(await socket.answer())
      let named = answer.matches(of: /pipelined-([0-9]+)/).compactMap { Int($0.1) }
      #expect(Array(named.reduce(into: []) { if $0.last != $1 { $0.append($1) } }) == Array(0..<50))
      #expect(answer.contains(#""status":"alive""#))
    }
  }

  @Test func `what a client would upgrade to, but does not ask for, ends nothing`() async throws {
    try await withNode { node in
      let socket = try Socket(to: node)
      socket.send(
        "GET /healthz HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\n\r\n"
          + "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
      let answer = try #require(await socket.answer())
      #expect(answer.matches(of: #/HTTP/1.1 200 /#).count == 2, "\(answer)")
    }
  }

  @Test func `the last answer that a caller wants is followed by the connection's end`()
    async throws
  {
    try await withNode { node in
      for request in [
        "GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.0\r\nconnection: x\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: Close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: x, close\r\n\r\n",
        // What a client offers here, nobody takes up, and behind it nothing is read as HTTP any more.
        "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
      ] {
        let socket = try Socket(to: node)
        socket.send(request)
        let answer = try #require(await socket.answer(), "\(request): still open")
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(request): \(answer)")
        #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(request): \(answer)")
      }
    }
  }

  @Test func `a huge header is refused`() async throws {
    try await withNode { node in
      let bombs = [
        "x: " + String(repeating: "a", count: 1 << 20) + "\r\n",
        (0..<5_000).map { "x\($0): a\r\n" }.joined(),
        "cookie: a=" + String(repeating: "b", count: 40_000) + "\r\n",
      ]
      for bomb in bombs {
        let socket = try Socket(to: node)
        socket.send("GET /healthz HTTP/1.1\r\nhost: a\r\n" + bomb + "\r\n")
        let answer = try #require(await socket.answer())
        #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(300))")
        #expect(answer.contains("urn:trust-budget:header-too-large"))
      }
      let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
      #expect(metrics.contains(#"trust_budget_problems_total{problem="header-too-large"} 3"#))
    }
  }

  @Test func `a gigabyte is refused before it is sent`() async throws {
    try await withNode { node in
      let socket = try Socket(to: node)
      socket.send("POST /v1/charges HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n")
      // As much of it as the node takes.
      let megabyte = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
      var sent = 0
      while sent < 1_024, socket.send(megabyte) { sent += 1 }
      #expect(sent < 1_024)
      let other = try Socket(to: node)
      other.send(
        "POST /v1/charges HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n"
          + String(repeating: " ", count: 70_000))
      let answer = try #require(await other.answer())
      #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
      #expect(answer.lowercased().contains("connection: close"))
    }
  }

  @Test func `a request that trickles in is given up, and says so`() async throws {
    try await withNode("--request-timeout", "2") { node in
      let begun = try Socket(to: node)
      begun.send("GET /healthz HT")
      let half = try Socket(to: node)
      half.send("POST /v1/charges HTTP/1.1\r\nhost: a\r\ncontent-length: 53\r\n\r\n{")
      for socket in [begun, half] {
        let answer = try #require(await socket.answer())
        #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
        #expect(answer.contains("urn:trust-budget:request-timeout"))
        #expect(answer.contains("was not carried out. Send all of it again, on a new connection."))
      }
      let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
      #expect(
        metrics.contains(#"trust_budget_connections_ended_total{reason="slow-request"} 2"#))
      #expect(metrics.contains(#"trust_budget_problems_total{problem="request-timeout"} 2"#))
    }
  }

  @Test func `who never reads its answers is given up`() async throws {
    try await withNode("--request-timeout", "2") { node in
      let socket = try Socket(to: node)
      let requests = String(
        repeating: "GET /openapi.yaml HTTP/1.1\r\nhost: a\r\n\r\n", count: 2_000)
      socket.send(requests)
      try await wait(for: "the connection's end") {
        let metrics = String(decoding: try await node.get("/metrics").body, as: UTF8.self)
        return metrics.contains(#"ended_total{reason="unread-answer"} 1"#)
      }
    }
  }

  @Test func `a connection without requests is closed after a while`() async throws {
    try await withNode("--idle-timeout", "1") { node in
      let socket = try Socket(to: node)
      #expect(await socket.answer() == "")
      let used = try Socket(to: node)
      used.send("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
      #expect(await used.answer()?.hasPrefix("HTTP/1.1 200 ") == true)
    }
  }

  @Test func `two thousand idle connections keep nobody waiting`() async throws {
    // A shell lets its user's programs open 1,024 files at first.
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    try await withNode { node in
      var idle: [Socket] = []
      for _ in 0..<2_000 { idle.append(try Socket(to: node)) }
      for number in 0..<20 {
        #expect(try await node.authorize("dev-\(number)").status == 200)
      }
      withExtendedLifetime(idle) {}
    }
  }

  @Test func `more connections than allowed are hung up on, and counted`() async throws {
    try await withNode("--max-connections", "20") { node in
      var open: [Socket] = []
      for _ in 0..<20 { open.append(try Socket(to: node)) }
      let refused = try Socket(to: node)
      #expect(await refused.answer() == "")
      open = []
      try await wait(for: "room for another") {
        guard let reply = try? await node.get("/metrics") else { return false }
        let metrics = String(decoding: reply.body, as: UTF8.self)
        return metrics.contains(/ended_total\{reason="too-many"\} [1-9]/)
      }
    }
  }
}
