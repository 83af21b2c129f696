import LibPQ
import TrustBudget

extension LedgerReader {
  /// A page of break-glass events, the newest first.
  ///
  /// - Throws: `LedgerError`.
  package func breakGlassEvents(_ query: BreakGlassQuery) async throws -> [BreakGlassEvent] {
    try await read { try $0.execute(query) }
  }

  /// How many break-glass events there were since a moment, on all nodes, and when the newest was.
  ///
  /// - Throws: `LedgerError`.
  package func breakGlassEvents(
    since moment: Timestamp
  ) async throws -> (count: Int64, newest: Timestamp?) {
    try await read { try $0.executeOne(CountBreakGlassEvents(since: moment)) }
  }
}
