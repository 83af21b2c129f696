import Foundation
import PolicyFile
import Testing
import TrustBudget

@Suite("Explaining a verdict")
struct ExplanationTests {
  private let policy = #"""
    policies:
      - name: Night shift
        match: {local_usernames: ["bob-*"], hours: ["20:00-08:00"], source_ip: ["10.0.0.0/8"]}
        principals: [root]
        max_duration: 1h
      - name: Developer
        principals: [user]
        max_duration: 15m
        trust_budget:
          overrides: [{budget_ids: ["user:al*"], initial_balance: 7, reset_interval_hours: 1}]
      - {name: Later, principals: [user], max_duration: 15m}
    """#

  @Test func `each rule says why it does not match, and the verdict says what is charged`() throws {
    let explanation = try Policy(policy).explain(try Samples.request(), at: try Samples.moment())
    #expect(
      explanation.description == #"""
        1. Night shift  does not match
             local_usernames: "alice" matches none of "bob-*"
             source_ip: the request has no source address
             hours: 12:00 UTC is outside 20:00-08:00
        2. Developer    matches
        3. Later        not reached
        granted by rule "Developer": user for 15m
           user:alice: 1 point of 7, reset every 1 h (override 1 for "user:al*")
        """#)
  }

  @Test func `it has a form for programs`() throws {
    let explanation = try Policy(policy).explain(try Samples.request(), at: try Samples.moment())
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(explanation), as: UTF8.self)
    #expect(text.contains(#""decision":"granted""#))
    #expect(text.contains(#"{"name":"Later","outcome":"not_reached"}"#))
    #expect(text.contains(#""budget_id":"user:alice""#))
  }

  @Test func `it comes to the verdict that evaluating comes to, refusals too`() throws {
    let policy = try Policy(Samples.rule(match: #"emails: ["*"]"#))
    let (request, now) = (try Samples.request(), try Samples.moment())
    let explanation = policy.explain(request, at: now)
    #expect(explanation.verdict == policy.verdict(request, at: now))
    #expect(explanation.verdict == .failure(.noMatchingRule))
    #expect(explanation.description.contains("emails: the request has no email"))
  }
}
