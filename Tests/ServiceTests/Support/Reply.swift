import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// A node's answer to one HTTP request.
struct Reply: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let body: Data

  /// The body; null when it is not JSON.
  var json: JSON { (try? JSON(parsing: body)) ?? .null }

  /// The kind of problem that it is: `budget-exhausted`. nil when it is none.
  var problem: String? {
    guard header("content-type") == "application/problem+json",
      json["status"] == JSON(status), json["title"].text != nil, json["detail"].text != nil
    else { return nil }
    return json["type"].text?.split(separator: ":").last.map(String.init)
  }

  /// The fields that an `invalid-request` complains of.
  var badFields: [String] { json["errors"].list.compactMap { $0["field"].text } }

  func header(_ name: String) -> String? { headers.first(name: name) }

  var retryAfter: Int? { header("retry-after").flatMap { Int($0) } }

  /// Sends a request; the whole may take `limit`.
  static func to(
    _ method: HTTPMethod, _ url: String, body: Data? = nil, headers: [String: String] = [:],
    within limit: Duration = .seconds(30)
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: url)
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(data: body))
    }
    let response = try await client.execute(
      request, timeout: .nanoseconds(Int64(limit / .nanoseconds(1))))
    return Reply(
      status: Int(response.status.code), headers: response.headers,
      body: Data(buffer: try await response.body.collect(upTo: 16 << 20)))
  }

  /// Enough connections that requests meet in the node, and don't wait for each other out here; and patience
  /// with a machine that has other work.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: HTTPClient.Configuration(
      timeout: HTTPClient.Configuration.Timeout(connect: .seconds(30)),
      connectionPool: .init(
        idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: 64)))
}

/// Something that has an address and answers HTTP.
protocol Reachable: Sendable {
  var url: String { get }
}

extension Reachable {
  func get(_ path: String, within limit: Duration = .seconds(30)) async throws -> Reply {
    try await .to(.GET, url + path, within: limit)
  }

  func post(
    _ path: String, _ body: JSON, within limit: Duration = .seconds(30)
  ) async throws -> Reply {
    try await .to(.POST, url + path, body: try body.data, within: limit)
  }

  func post(_ path: String, raw body: Data) async throws -> Reply {
    try await .to(.POST, url + path, body: body)
  }

  /// Asks for a certificate for somebody.
  func authorize(_ username: String, _ more: JSON = [:]) async throws -> Reply {
    var body: [String: JSON] = ["username": .text(username)]
    if case .object(let members) = more { body.merge(members) { _, more in more } }
    return try await post("/v1/authorizations", .object(body))
  }
}
