import ArgumentParser
import TrustBudget

/// What `convert` makes of something on the command line.
///
/// - Parameter what: what it is called there: `--request-id`.
/// - Throws: `ValidationError` that names it, where it won't do.
func checked<Value>(
  _ what: String, _ convert: () throws(InvalidValue) -> Value
) throws(ValidationError) -> Value {
  do {
    return try convert()
  } catch {
    throw ValidationError("\(what) \(error.requirement)")
  }
}

/// What `--reason` says, as it is kept.
func validReason(_ reason: String) throws(ValidationError) -> String {
  try checked("--reason") { () throws(InvalidValue) in try FreeText.validate(reason) }
}
