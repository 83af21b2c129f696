import Testing

/// Garbage in paths and queries, unknown routes, wrong methods.
@Suite(.service())
struct AddressTests {
  @Test(arguments: [
    ("/v1/budgets/%zz", "budget_id"), ("/v1/budgets/%", "budget_id"),
    ("/v1/budgets/%00", "budget_id"), ("/v1/budgets/a%00b/entries", "budget_id"),
    ("/v1/budgets/%ff%fe", "budget_id"), ("/v1/budgets/%F0%9F%98%80", "budget_id"),
    ("/v1/budgets/" + String(repeating: "a", count: 1_025), "budget_id"),
    ("/v1/budgets/" + String(repeating: "a", count: 20_000), "budget_id"),
    ("/v1/charges/%zz", "request_id"), ("/v1/charges/%00", "request_id"),
    ("/v1/charges/a%20b", "request_id"), ("/v1/charges/%C3%A9", "request_id"),
    ("/v1/charges/" + String(repeating: "a", count: 129), "request_id"),
    ("/v1/budgets?limit=abc", "limit"), ("/v1/budgets?limit=0", "limit"),
    ("/v1/budgets?limit=-1", "limit"), ("/v1/budgets?limit=1001", "limit"),
    ("/v1/budgets?limit=1e2", "limit"), ("/v1/budgets?limit=9223372036854775808", "limit"),
    ("/v1/budgets?limit=+1", "limit"), ("/v1/budgets?limit=01", "limit"),
    ("/v1/budgets/u/entries?cursor=+1", "cursor"), ("/v1/budgets/u/entries?cursor=01", "cursor"),
    ("/v1/budgets/u/entries?cursor=1000000000000000000", "cursor"),
    ("/v1/budgets?limit=%zz", "limit"), ("/v1/budgets?limit=1&limit=2", "limit"),
    ("/v1/budgets?status=empty", "status"), ("/v1/budgets?status=%00", "status"),
    ("/v1/budgets?cursor=%00", "cursor"), ("/v1/budgets?cursor=%zz", "cursor"),
    ("/v1/budgets?prefix=%F0%9F%98%80", "prefix"), ("/v1/budgets?prefix=%ff", "prefix"),
    ("/v1/budgets?Limit=1", "query"), ("/v1/budgets?%00=1", "query"),
    ("/v1/budgets?%zz=1", "query"), ("/v1/budgets?=", "query"),
    ("/v1/budgets/u/entries?cursor=abc", "cursor"), ("/v1/budgets/u/entries?cursor=0", "cursor"),
    ("/v1/budgets/u/entries?cursor=-1", "cursor"), ("/v1/budgets/u/entries?limit=x", "limit"),
    ("/v1/budgets/u/entries?prefix=a", "query"),
  ])
  func `garbage in an address is answered with its name`(target: String, field: String) async throws
  {
    let reply = try await RawHTTP.get(target, from: Service.current.node)
    #expect(reply.status == 400, "\(reply.head)")
    #expect(reply.json["type"] == "urn:trust-budget:invalid-request")
    #expect(reply.json["errors"].list.contains { $0["field"] == .text(field) }, "\(reply.json)")
  }

  @Test(arguments: [
    "/v1/authorizations", "/v1/charges", "/v1/charges/batch", "/v1/charges/x/settlement",
    "/v1/charges/x/refund", "/v1/budgets/user:x/adjustments", "/v1/budgets/user:x/resets",
    "/v1/break-glass",
  ])
  func `what stands in the query of a request with a body is refused, and changes nothing`(
    path: String
  ) async throws {
    let node = try Service.current.node
    let reply = try await node.post(
      path + "?dry_run=true", ["username": "dev-query", "budget_id": "user:dev-query"])
    #expect(reply.problem == "invalid-request")
    #expect(reply.json["errors"].list.map { $0["field"] } == ["query"])
    #expect(try await node.get("/v1/budgets/user:dev-query").status == 404)
  }

  @Test(arguments: [
    "/", "//", "/v1", "/v1/", "/v2/budgets", "/v1/nothing", "/v1/budgets/a/b", "/V1/budgets",
    "/v1/budgets/user:nobody", "/v1/budgets/user:a%2Fb", "/v1/budgets/u/entries",
    "/v1/budgets/u/entries?cursor=5",
    "/v1/charges/none", "/v1/budgets/../../etc/passwd", "/%2e%2e/", "/healthz/x", "/metrics%00",
    "//healthz", "/healthz/", "/v1//policy", "/v1/budgets/", "/v1//budgets/user:nobody/entries",
  ])
  func `what is not there is not found`(target: String) async throws {
    let reply = try await RawHTTP.get(target, from: Service.current.node)
    #expect(reply.status == 404)
    #expect(reply.json["type"] == "urn:trust-budget:not-found")
    #expect(reply.head.contains("application/problem+json"))
  }

  @Test(arguments: [
    ("GET", "/v1/authorizations", "POST"), ("PUT", "/v1/charges", "POST"),
    ("DELETE", "/v1/budgets/user:alice", "GET, HEAD"), ("PATCH", "/v1/budgets", "GET, HEAD"),
    ("POST", "/healthz", "GET, HEAD"), ("DELETE", "/v1/policy", "GET, HEAD"),
    ("GET", "/v1/charges/a/refund", "POST"), ("POST", "/v1/budgets/a/entries", "GET, HEAD"),
    ("PROPFIND", "/v1/budgets", "GET, HEAD"), ("PURGE", "/v1/charges/a", "GET, HEAD"),
    ("M-SEARCH", "/healthz", "GET, HEAD"), ("HEAD", "/v1/charges", "POST"),
    ("GET", "/v1/charges/batch", "POST"), ("OPTIONS", "/v1/budgets/a%2Fb/resets", "POST"),
  ])
  func `a wrong method is told which ones are right`(
    method: String, target: String, allowed: String
  ) async throws {
    let reply = try await RawHTTP.get(target, method: method, from: Service.current.node)
    #expect(reply.status == 405)
    if method != "HEAD" {
      #expect(reply.json["type"] == "urn:trust-budget:method-not-allowed")
      #expect(
        reply.json["detail"]
          == .text(
            "\(target) does not take this method. Send \(allowed.replacing(", ", with: " or "))."))
    }
    #expect(reply.head.lowercased().contains("allow: \(allowed.lowercased())\r\n"))
  }

  @Test func `HEAD is GET without a body`() async throws {
    let reply = try await RawHTTP.get("/healthz", method: "HEAD", from: Service.current.node)
    #expect(reply.status == 200)
    #expect(reply.json == .null)
  }

  @Test(arguments: ["/nope", "/", "//", "/v1", "*", "/v1/budgets/user:nobody", "/v1/charges"])
  func `a refusal of HEAD has no body, which the next answer would be taken for`(
    target: String
  ) async throws {
    let answer = try await RawHTTP.exchange(
      "HEAD \(target) HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        + "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
      with: Service.current.node)
    #expect(answer.contains(#/^HTTP/1\.1 40[45] (?s:.)+?\r\n\r\nHTTP/1\.1 200 /#), "\(answer)")
    #expect(!answer.contains("urn:trust-budget:"), "\(answer)")
  }

  @Test func `what a web page sends is refused, and takes nothing`() async throws {
    let node = try Service.current.node
    let body = #"{"username":"u","budget_id":"team:page"}"#
    let answer = try await RawHTTP.exchange(
      "POST /v1/charges HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: https://page.example\r\n"
        + "content-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n"
        + "connection: close\r\n\r\n\(body)", with: node)
    #expect(answer.hasPrefix("HTTP/1.1 403"))
    #expect(answer.contains("urn:trust-budget:forbidden"))
    #expect(try await node.get("/v1/budgets/team:page").status == 404)
  }

  @Test(arguments: ["GET / HTTP/1.1\r\nhost\r\n\r\n", "\0\0\0\r\n\r\n", "BREW / HTTP/9\r\n\r\n"])
  func `what is not HTTP is refused, and the node lives on`(request: String) async throws {
    let node = try Service.current.node
    let answer = try await RawHTTP.exchange(request, with: node)
    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
    #expect(try await node.get("/healthz").status == 200)
  }

  @Test func `a header beyond all measure is refused, and the node lives on`() async throws {
    let node = try Service.current.node
    let header = String(repeating: "x", count: 1 << 20)
    let answer = try await RawHTTP.exchange(
      "GET /healthz HTTP/1.1\r\nhost: a\r\nx: \(header)\r\n\r\n", with: node)
    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
    #expect(try await node.get("/healthz").status == 200)
  }

  @Test func `a budget with a slash in its name is found by its encoded name`() async throws {
    let node = try Service.current.node
    let charge = try await node.post(
      "/v1/charges", ["username": "u", "budget_id": "team/a %b", "initial_balance": 5])
    #expect(charge.status == 200)
    let budget = try await RawHTTP.get("/v1/budgets/team%2Fa%20%25b", from: node)
    #expect(budget.json["budget_id"] == "team/a %b")
    #expect(budget.json["balance"] == 4)
    let page = try await RawHTTP.get("/v1/budgets?prefix=team%2Fa", from: node)
    #expect(page.json["budgets"].list.count == 1)
  }
}
