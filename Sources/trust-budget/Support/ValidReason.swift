import ArgumentParser
import TrustBudget

/// What `--reason` says, as it is kept.
func validReason(_ reason: String) throws -> String {
  do {
    return try FreeText.validate(reason)
  } catch {
    throw ValidationError("--reason \(error.requirement)")
  }
}
