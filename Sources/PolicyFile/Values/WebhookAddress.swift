import Foundation
import TrustBudget

/// Where events are posted to.
enum WebhookAddress {
  /// - Throws: `InvalidValue` unless it is an http or https URL with a host, and without a user or a password.
  static func validate(_ text: String) throws(InvalidValue) -> String {
    let url = URLComponents(string: text)
    guard let url, ["http", "https"].contains(url.scheme), url.host?.isEmpty == false,
      (1...65_535).contains(url.port ?? 443)
    else { throw InvalidValue("must be an address like https://hooks.example.com/break-glass") }
    guard url.user == nil, url.password == nil else {
      throw InvalidValue(
        "must have no user name and no password in it: they are not sent; a command can send them")
    }
    return text
  }
}
