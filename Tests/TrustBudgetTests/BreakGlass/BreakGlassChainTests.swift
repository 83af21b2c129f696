import Testing

@testable import TrustBudget

/// The chain of a journal's events, as docs/audit-format.md has it.
struct BreakGlassChainTests {
  private static func chain(of count: Int) throws -> [BreakGlassEvent] {
    var chain = BreakGlassChain(journalID: "0f8fad5b-d9cb-469f-a165-70867728950e")
    return try (1...count).map { number in
      chain.append(
        BreakGlassIssuance(
          requestID: try RequestID("inc-\(number)"),
          content: RequestContent(fingerprint: "2d711642b726b04401627ca9fbac32f5"),
          username: try Username("alice"), reason: "db-1 is down", ticket: nil,
          approvers: ["bob", "eve"], principals: ["root"], maxDuration: "60s",
          maxDurationSeconds: 60, requestedDurationSeconds: nil,
          policyDigest: Digest(hashing: []), actor: nil),
        node: "ca-1", at: Timestamp(microseconds: 1_767_323_045_678_901))
    }
  }

  @Test func `the worked example of the documentation`() throws {
    let event = try #require(try Self.chain(of: 1).first)
    #expect(
      event.hash.hexadecimal == "390340bf50eecdd20eb51f62e26ad91f474d7b4b19cfe0ffa04e42b9cbef517b")
  }

  @Test func `a chain verifies, and one that was tampered with does not`() throws {
    let events = try Self.chain(of: 3)
    var sound = BreakGlassChain(journalID: events[0].journalID)
    for event in events { try sound.verify(event) }
    #expect(sound.sequence == 3)
    #expect(sound.hash == events[2].hash)

    for order in [[1], [0, 2], [0, 0], [1, 0]] {
      var chain = BreakGlassChain(journalID: events[0].journalID)
      #expect(throws: TrailFault.self) {
        for index in order { try chain.verify(events[index]) }
      }
    }
    var other = BreakGlassChain(journalID: "00000000-0000-0000-0000-000000000000")
    #expect(throws: TrailFault.self) { try other.verify(events[0]) }
  }

  @Test func `members of lists do not run into each other, nor one list into the next`() throws {
    func hash(_ approvers: [String], _ principals: [String]) throws -> Digest {
      let event = try Self.chain(of: 1)[0]
      return BreakGlassEvent(
        journalID: event.journalID, sequence: 1, node: event.node, username: event.username,
        reason: event.reason, ticket: nil, approvers: approvers, principals: principals,
        maxDuration: event.maxDuration, maxDurationSeconds: 60, requestedDurationSeconds: nil,
        requestID: event.requestID, request: event.request, policyDigest: event.policyDigest,
        actor: nil, occurredAt: event.occurredAt, hash: .zero
      ).hash(after: .zero)
    }
    let hashes = try [
      hash(["a", "b"], ["c"]), hash(["a"], ["b", "c"]), hash(["ab"], ["c"]),
      hash([], ["a", "b", "c"]),
    ]
    #expect(Set(hashes).count == hashes.count)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "-1.0f8fad5b-d9cb-469f-a165-70867728950e.1",
    "1.0F8FAD5B-D9CB-469F-A165-70867728950E.1", "1.0f8fad5b-d9cb-469f-a165-70867728950e.0",
    "+1.0f8fad5b-d9cb-469f-a165-70867728950e.1", "1.0f8fad5b-d9cb-469f-a165-70867728950e.01",
    "99999999999999999999.0f8fad5b-d9cb-469f-a165-70867728950e.1",
  ])
  func `a cursor is what was given out, and nothing else`(text: String) throws {
    #expect(throws: InvalidValue.self) { try BreakGlassPlace(text) }
    let place = try Self.chain(of: 1)[0].place
    #expect(try BreakGlassPlace(place.description) == place)
  }
}
