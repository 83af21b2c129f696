import TrustBudget

/// What a member must be, and how to say so when it is not.
struct FieldType<Raw: Decodable> {
  let requirement: String
  /// Whether it may be no number with a fraction or an exponent. A decoder rounds those as it likes.
  var isWhole = false
}

extension FieldType where Raw == String {
  static var text: Self { Self(requirement: "must be text") }
}

extension FieldType where Raw == Bool {
  static var flag: Self { Self(requirement: "must be true or false") }
}

extension FieldType where Raw == [String] {
  static var texts: Self { Self(requirement: "must be a list of text") }
}

extension FieldType where Raw == Int64 {
  static var points: Self {
    Self(requirement: "must be a whole number from 0 to \(Points.maximum)", isWhole: true)
  }

  static var signedPoints: Self {
    Self(
      requirement: "must be a whole number from -\(Points.maximum) to \(Points.maximum)",
      isWhole: true)
  }
}

extension FieldType where Raw == Double {
  static var hours: Self { Self(requirement: ResetInterval.requirement) }
}
