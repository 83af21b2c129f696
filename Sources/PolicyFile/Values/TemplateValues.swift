/// What one request gives the variables.
struct TemplateValues {
  let username: String
  let email: String?
  let group: String?
  let rule: String

  subscript(variable: TemplateVariable) -> String? {
    switch variable {
    case .username: username
    case .email: email
    case .group: group
    case .rule: rule
    }
  }
}
