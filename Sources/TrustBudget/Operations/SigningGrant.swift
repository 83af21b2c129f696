/// What a CA may put into the certificate that a charge paid for.
package struct SigningGrant: Hashable, Sendable {
  package let principals: [String]
  /// As the policy spells it, `15m`; ssh-keygen's `-V +15m` takes it as it stands.
  package let maxDuration: String
  /// The rule wrote its budgets as a list, and wants its receipts as one.
  package let listsBudgets: Bool

  package init(principals: [String], maxDuration: String, listsBudgets: Bool) {
    self.principals = principals
    self.maxDuration = maxDuration
    self.listsBudgets = listsBudgets
  }

  var detail: JSONObjectText {
    var detail = JSONObjectText()
    detail.put("principals", principals)
    detail.put("max_duration", maxDuration)
    if listsBudgets { detail.put("lists_budgets", true) }
    return detail
  }
}

extension SigningGrant: Decodable {
  private enum CodingKeys: String, CodingKey {
    case principals
    case maxDuration = "max_duration"
    case listsBudgets = "lists_budgets"
  }

  package init(from decoder: any Decoder) throws {
    let detail = try decoder.container(keyedBy: CodingKeys.self)
    principals = try detail.decode([String].self, forKey: .principals)
    maxDuration = try detail.decode(String.self, forKey: .maxDuration)
    listsBudgets = try detail.decodeIfPresent(Bool.self, forKey: .listsBudgets) ?? false
  }
}
