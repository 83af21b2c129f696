import Hummingbird
import TrustBudget

/// What belongs to one request.
package struct NodeContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Who calls, once ``AccessMiddleware`` has found out.
  package var caller = Caller.unknown

  package init(source: ApplicationRequestContextSource) {
    self.coreContext = CoreRequestContextStorage(source: source)
  }

  /// Whom the entries of this request are owed to.
  func origin(rule: String? = nil, policyDigest: Digest? = nil) -> Origin {
    Origin(actor: caller.name, rule: rule, policyDigest: policyDigest)
  }
}
