import TrustBudgetTesting

/// Waits until `find` finds something, looking again so seldom that many can wait on few processors.
///
/// - Throws: `TestFailure` when it has not by then.
func wait<Found>(
  for what: @autoclosure () -> String, within limit: Duration = .seconds(30),
  find: () async throws -> Found?
) async throws -> Found {
  var found: Found?
  _ = try await eventually(within: limit, every: .milliseconds(25)) {
    found = try await find()
    return found != nil
  }
  guard let found else { throw TestFailure("waited \(limit) for \(what())") }
  return found
}

/// Waits until `condition` holds.
func wait(
  for what: @autoclosure () -> String, within limit: Duration = .seconds(30),
  until condition: () async throws -> Bool
) async throws {
  let _: Void = try await wait(for: what(), within: limit) { try await condition() ? () : nil }
}
