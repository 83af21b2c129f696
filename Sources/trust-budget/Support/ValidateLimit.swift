import ArgumentParser

/// Whether `--limit` asks for as much as a list may hold.
func validateLimit(_ limit: Int) throws(ValidationError) {
  guard (1...100_000).contains(limit) else {
    throw ValidationError("--limit must be from 1 to 100000")
  }
}
