import TrustBudget

/// Reads a document as a policy. A reading goes on after a mistake, to find all the others.
struct PolicyReader {
  /// What a policy file says.
  struct Content {
    let rules: [PolicyRule]
    let defaultRule: DefaultRule?
    let breakGlass: BreakGlassRule?
  }

  let reader: NodeReader

  /// - Returns: nil when nothing can be made of the file. What it says is of use only if no error
  ///   was noted.
  static func read(_ source: SourceText, log: DiagnosticLog) -> Content? {
    guard let document = YAMLLoader.load(source, log: log) else {
      if !log.hasErrors {
        log.error("the file is empty", expected: "a policy: \(example)", at: .beginning)
      }
      return nil
    }
    let reader = NodeReader(document, log: log)
    return reader.root.flatMap(PolicyReader(reader: reader).content)
  }

  private static let example = "a mapping with the key policies, a list of rules"

  private func content(_ node: YAMLNode) -> Content? {
    guard
      let fields = reader.fields(
        node, of: "the policy", keys: ["default", "policies", "break_glass"])
    else { return nil }
    let defaultRule = fields.optional("default", self.defaultRule)
    let breakGlass = fields.optional("break_glass", self.breakGlass)
    let mayBeEmpty = fields.has("default") || fields.has("break_glass")
    let rules = fields.required("policies", example: "a list of rules") {
      self.rules($0, mayBeEmpty: mayBeEmpty)
    }
    if fields.has("default"), let catchAll = rules?.catchAll {
      reader.log.warning(
        "never reached: rule \(VisibleText.quoted(catchAll.name)) matches every request",
        expected: "no default beside a rule that matches everybody", at: fields.span(of: "default"))
    }
    return Content(rules: rules?.all ?? [], defaultRule: defaultRule, breakGlass: breakGlass)
  }

  private func defaultRule(_ node: YAMLNode) -> DefaultRule? {
    reader.fields(node, of: "the default rule", keys: ["principals", "max_duration"])
      .flatMap(limits)
      .map(DefaultRule.init)
  }

  private func breakGlass(_ node: YAMLNode) -> BreakGlassRule? {
    guard
      let fields = reader.fields(
        node, of: "break_glass",
        keys: ["principals", "max_duration", "min_approvers", "allowed_usernames", "notify"])
    else { return nil }
    let minApprovers = fields.optional("min_approvers", approvers)
    let allowedUsernames = fields.optional("allowed_usernames", globs(example: #"["oncall-*"]"#))
    let notify = fields.optional("notify", notice)
    return limits(fields).map {
      BreakGlassRule(
        limits: $0, minApprovers: minApprovers ?? 0, allowedUsernames: allowedUsernames,
        notify: notify)
    }
  }

  private func notice(_ node: YAMLNode) -> BreakGlassNotice? {
    guard let fields = reader.fields(node, of: "notify", keys: ["command", "webhook"]) else {
      return nil
    }
    let command = fields.optional("command", noticeCommand)
    let webhook = fields.optional("webhook", noticeWebhook)
    if !fields.has("command"), !fields.has("webhook") {
      reader.log.error(
        "notify names nobody", expected: "command, webhook or both", at: fields.span)
    }
    return BreakGlassNotice(command: command ?? [], webhook: webhook)
  }

  private func noticeWebhook(_ node: YAMLNode) -> String? {
    guard let text = reader.text(node) else { return nil }
    do {
      return try WebhookAddress.validate(text)
    } catch {
      // Without the address: with many services it is a secret.
      reader.log.error("webhook \(error.requirement)", at: node.span, isSecret: true)
      return nil
    }
  }

  private func noticeCommand(_ node: YAMLNode) -> [String]? {
    let example = #"["/usr/local/bin/page", "--urgent"]"#
    let words = reader.list(node, example: example) { reader.value($0, commandWord) }
    guard let program = words?.first, !program.hasPrefix("/") else { return words }
    reader.log.error(
      "\(VisibleText.quoted(program)) is not an absolute path",
      expected: "a program's path and its arguments, for example \(example)", at: node.span)
    return nil
  }

  /// - Throws: `InvalidValue` for a control character other than the tab and the line feed, which scripts have.
  ///   A NUL would be the word's end to the program.
  private func commandWord(_ text: String) throws(InvalidValue) -> String {
    for scalar in text.unicodeScalars
    where scalar.properties.generalCategory == .control && scalar != "\t" && scalar != "\n" {
      throw InvalidValue("must not contain \(IdentityText.name(of: scalar))")
    }
    return text
  }

  private func approvers(_ node: YAMLNode) -> Int? {
    reader.wholeNumber(node).flatMap { number in
      reader.checked(node) { () throws(InvalidValue) in
        let most = BreakGlassIssuance.maximumApprovers
        guard (0...most).contains(Int(clamping: number)) else {
          throw InvalidValue("must be from 0 to \(most)")
        }
        return Int(number)
      }
    }
  }
}
