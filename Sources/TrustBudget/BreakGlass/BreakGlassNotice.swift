/// Whom to tell of an emergency certificate, as the policy says: at least one of the two.
package struct BreakGlassNotice: Hashable, Sendable {
  /// A program and its arguments, which gets the event as JSON on standard input; empty: none.
  package let command: [String]
  /// An http or https address to which the event is posted as JSON.
  package let webhook: String?

  package init(command: [String], webhook: String?) {
    self.command = command
    self.webhook = webhook
  }
}
