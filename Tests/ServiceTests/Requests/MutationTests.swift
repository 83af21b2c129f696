import Foundation
import Testing
import TrustBudgetTesting

/// Valid requests with a few bytes changed: whatever they have become, no node fails because of them.
@Suite(.service())
struct MutationTests {
  @Test(arguments: BodyCall.all + [.charges])
  func `a mutated request is answered, and never with a failure`(call: BodyCall) async throws {
    let service = try Service.current
    let valid = Array(call.body(call.fields).utf8)
    var random = SeededGenerator(seed: UInt64(call.path.utf8.count))
    for round in 1...60 {
      let body = mutation(of: valid, &random)
      let reply = try await service.node.post(call.path, raw: Data(body))
      #expect(
        (200..<500).contains(reply.status),
        "round \(round): \(reply.status) to \(String(decoding: body, as: UTF8.self))")
    }
    #expect(try await service.node.get("/healthz").status == 200)
  }

  private func mutation(of valid: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var body = valid
    for _ in 1...Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: 0..<max(1, body.count), using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where !body.isEmpty: body.remove(at: place)
      case 1: body.insert(.random(in: 0...255, using: &random), at: min(place, body.count))
      case 2 where !body.isEmpty: body[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      case 3: body += body[min(place, body.count)...]
      default: body.insert(random.pick(Array(#"{}[]":,\-0e"#.utf8)), at: min(place, body.count))
      }
    }
    return body
  }
}
