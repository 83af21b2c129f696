/// Does something, and then cleans up, whether that went well or not: a `defer` may not wait.
///
/// - Throws: What `body` throws; if it went well, what `cleanUp` throws.
nonisolated(nonsending) package func doing<Result>(
  _ body: () async throws -> Result, finally cleanUp: () async throws -> Void
) async throws -> Result {
  let result: Result
  do {
    result = try await body()
  } catch {
    try? await cleanUp()
    throw error
  }
  try await cleanUp()
  return result
}
