/// An event could be recorded nowhere, so the request is refused.
package struct BreakGlassUnrecorded: Error, Hashable, Sendable {
  /// Why the node's journal did not take it.
  package let journal: String
  /// Why PostgreSQL did not.
  package let postgres: String
}
