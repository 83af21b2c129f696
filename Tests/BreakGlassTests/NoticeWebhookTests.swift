import NIOHTTP1
import Testing

@testable import BreakGlass

/// The address that is told of an emergency.
@Suite struct NoticeWebhookTests {
  private let event = #"{"reason":"é"}"#

  @Test(arguments: [HTTPResponseStatus.ok, .noContent])
  func `the event is posted, and taken`(status: HTTPResponseStatus) async throws {
    try await ListeningSite.with(["/hook?key=1": (status, nil)]) { site, address in
      try await NoticeWebhook("\(address)/hook?key=1").post(event)
      #expect(
        site.calls == [
          ListeningSite.Call(
            method: "POST", path: "/hook?key=1", contentType: "application/json", body: event)
        ])
    }
  }

  @Test(arguments: [HTTPResponseStatus.badRequest, .internalServerError])
  func `one that does not take it has not been told`(status: HTTPResponseStatus) async throws {
    try await ListeningSite.with(["/secret": (status, nil)]) { _, address in
      let failure = await #expect(throws: NoticeFailure.self) {
        try await NoticeWebhook("\(address)/secret").post(event)
      }
      #expect(failure?.description == "HTTP status \(status.code)")
    }
  }

  @Test(arguments: [HTTPResponseStatus.movedPermanently, .found, .temporaryRedirect])
  func `nobody is followed elsewhere, where a POST may become a GET`(status: HTTPResponseStatus)
    async throws
  {
    try await ListeningSite.with(["/hook": (status, "/other"), "/other": (.ok, nil)]) {
      site, address in
      await #expect(throws: NoticeFailure.self) {
        try await NoticeWebhook("\(address)/hook").post(event)
      }
      #expect(site.calls.map(\.path) == ["/hook"])
    }
  }

  @Test func `an address where nobody listens has not been told, and its path stays secret`()
    async throws
  {
    var gone = ""
    try await ListeningSite.with([:]) { _, address in gone = address }
    do {
      try await NoticeWebhook("\(gone)/secret").post(event)
      Issue.record("nobody listens at \(gone)")
    } catch {
      #expect("\(error)".contains("Connection refused"))
      #expect(!"\(error)".contains("secret"))
    }
  }
}
