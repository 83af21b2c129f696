/// What became of a request at a recorder.
package enum BreakGlassOutcome: Hashable, Sendable {
  /// The event is there to stay. `replayed`: it was there before, for the same request.
  case recorded(BreakGlassEvent, replayed: Bool)
  /// The request id was used for something else.
  case mismatch

  /// - Parameter event: what is recorded under the request's id.
  package init(_ request: BreakGlassIssuance, recordedAs event: BreakGlassEvent) {
    self =
      request.content.fingerprint == event.request
      ? .recorded(event, replayed: true) : .mismatch
  }
}
