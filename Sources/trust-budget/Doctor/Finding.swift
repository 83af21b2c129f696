import TrustBudget

/// What the doctor found at one place.
struct Finding {
  enum Status: String {
    case ok
    /// Works, and may not do so for long, or not as safely as it could.
    case warning
    /// Does not work.
    case problem
  }

  /// What was looked at: `policy`, `database schema`.
  let subject: String
  let status: Status
  let message: String
  /// What to do; nil where nothing is to be done.
  let action: String?

  static func ok(_ subject: String, _ message: String) -> Finding {
    Finding(subject: subject, status: .ok, message: message, action: nil)
  }

  static func warning(_ subject: String, _ message: String, _ action: String) -> Finding {
    Finding(subject: subject, status: .warning, message: message, action: action)
  }

  static func problem(_ subject: String, _ message: String, _ action: String) -> Finding {
    Finding(subject: subject, status: .problem, message: message, action: action)
  }

  static func noFile(_ subject: String, _ path: String) -> Finding {
    .problem(subject, "\(path) is no regular file.", "Name the file itself.")
  }

  static func unreadable(_ subject: String, _ message: String) -> Finding {
    .problem(subject, message, "Check the path, and that this user may read it.")
  }

  var json: JSONObjectText {
    var object = JSONObjectText()
    object.put("subject", subject)
    object.put("status", status.rawValue)
    object.put("message", message)
    if let action { object.put("action", action) }
    return object
  }

  /// One line, and a second one where there is something to do.
  var text: String {
    let mark =
      switch status {
      case .ok: "ok      "
      case .warning: "warning "
      case .problem: "PROBLEM "
      }
    return "\(mark) \(subject): \(message)" + (action.map { "\n          -> \($0)" } ?? "")
  }
}
