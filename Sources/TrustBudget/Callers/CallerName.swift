/// The name of a caller of the service, as the trail has it.
package enum CallerName {
  /// With what the names of people begin who administrate by command.
  package static let ofPeople = "cli:"

  /// Checks `text` and gives it back.
  ///
  /// - Throws: `InvalidValue` that says what is wrong with it.
  package static func validate(_ text: String) throws(InvalidValue) -> String {
    let name = try IdentityText.validate(text)
    // By bytes: a character that combines with the colon does not make it another name.
    guard !name.utf8.starts(with: ofPeople.utf8) else {
      throw InvalidValue(
        "must not begin with \(ofPeople), as the names of people do who use this program")
    }
    return name
  }
}
