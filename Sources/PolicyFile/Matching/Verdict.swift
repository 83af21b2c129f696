/// What the policy says of a request, before any budget is looked at.
package enum Verdict: Sendable, Hashable {
  case granted(Grant)
  case refused(Refusal)

  init(_ decide: () throws(Refusal) -> Grant) {
    do {
      self = .granted(try decide())
    } catch {
      self = .refused(error)
    }
  }
}
