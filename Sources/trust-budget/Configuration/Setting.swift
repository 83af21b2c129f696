import ArgumentParser
import PolicyFile
import TrustBudget

/// Something that a host may say once, in the environment or in a file; a flag comes before both.
struct Setting<Value: Sendable>: Sendable {
  let key: SettingKey
  /// What holds where nobody says anything.
  let standard: Value
  private let read: @Sendable (String) throws(InvalidValue) -> Value
  private let check: @Sendable (Value) throws(InvalidValue) -> Void

  /// - Parameters:
  ///   - name: as flags have it: `drain-delay`.
  ///   - unset: what holds where there is no standard, in words.
  ///   - shown: the standard as people write it.
  init(
    _ name: String, _ kind: SettingsFile.Kind, _ standard: Value, shown: String? = nil,
    unset: String = "none",
    isSecret: @escaping @Sendable (String) -> Bool = { _ in false },
    check: @escaping @Sendable (Value) throws(InvalidValue) -> Void = { _ in },
    read: @escaping @Sendable (String) throws(InvalidValue) -> Value
  ) {
    key = SettingKey(
      name: name, standard: shown, unset: unset,
      file: SettingsFile.Key(
        name.replacing("-", with: "_"), kind, isSecret: isSecret,
        check: { text throws(InvalidValue) in try check(try read(text)) }))
    self.standard = standard
    self.read = read
    self.check = check
  }

  /// What the environment, or else the file says.
  var configured: Value? {
    guard let given = Configuration.ask(for: key) else { return nil }
    // It was looked at when it was read.
    return try? read(given.text)
  }

  /// What holds where no flag says otherwise.
  var value: Value { configured ?? standard }

  /// - Throws: `ValidationError` for the value of a flag that won't do.
  func validate(_ value: Value) throws {
    try checked("--\(key.name)") { () throws(InvalidValue) in try check(value) }
  }
}

extension Setting where Value == Int {
  init(_ name: String, _ standard: Int, in range: ClosedRange<Int>) {
    self.init(
      name, .wholeNumber, standard, shown: "\(standard)",
      check: { value throws(InvalidValue) in
        guard range.contains(value) else {
          throw InvalidValue("must be from \(range.lowerBound) to \(range.upperBound)")
        }
      },
      read: { text throws(InvalidValue) in
        guard let number = Int(text) else { throw InvalidValue("must be a whole number") }
        return number
      })
  }
}

extension Setting where Value == Double {
  /// In seconds.
  init(_ name: String, seconds standard: Double, in range: ClosedRange<Double>) {
    self.init(
      name, .number, standard, shown: Setting.text(standard),
      check: { value throws(InvalidValue) in
        guard range.contains(value) else {
          throw InvalidValue(
            "must be from \(Setting.text(range.lowerBound)) to \(Setting.text(range.upperBound)) "
              + "seconds")
        }
      },
      read: { text throws(InvalidValue) in
        guard let number = Double(text) else { throw InvalidValue("must be a number of seconds") }
        return number
      })
  }

  /// `600` rather than `600.0`.
  private static func text(_ number: Double) -> String {
    Int(exactly: number).map { "\($0)" } ?? "\(number)"
  }
}

extension Setting where Value == Bool {
  init(_ name: String) {
    self.init(name, .truth, false, shown: "false") { text throws(InvalidValue) in
      guard let truth = Bool(text) else { throw InvalidValue("must be true or false") }
      return truth
    }
  }
}

extension Setting where Value == String? {
  /// Text that need not be there.
  ///
  /// - Parameter check: what its own rules say against a value that is not empty.
  init(
    _ name: String, unset: String = "none",
    check: @escaping @Sendable (String) throws(InvalidValue) -> Void = { _ in }
  ) {
    self.init(
      name, .text, nil, unset: unset,
      check: { text throws(InvalidValue) in
        guard let text else { return }
        guard !text.isEmpty else { throw InvalidValue("must not be empty") }
        try check(text)
      },
      read: { text throws(InvalidValue) in text })
  }
}

extension Setting where Value == String {
  /// - Parameter check: what its own rules say against a value that is not empty.
  init(
    _ name: String, _ standard: String,
    check: @escaping @Sendable (String) throws(InvalidValue) -> Void = { _ in }
  ) {
    self.init(
      name, .text, standard, shown: standard,
      check: { text throws(InvalidValue) in
        guard !text.isEmpty else { throw InvalidValue("must not be empty") }
        try check(text)
      },
      read: { text throws(InvalidValue) in text })
  }
}

extension Setting where Value: ExpressibleByArgument {
  /// - Parameter requirement: what the value must be: `must be HOST:PORT`.
  init(_ name: String, _ standard: Value, requirement: String) {
    self.init(name, .text, standard, shown: "\(standard)") { text throws(InvalidValue) in
      guard let value = Value(argument: text) else { throw InvalidValue(requirement) }
      return value
    }
  }
}
