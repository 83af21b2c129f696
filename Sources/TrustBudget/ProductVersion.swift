/// What this program is called when it introduces itself.
package enum ProductVersion {
  /// By semantic versioning; before 1.0 anything may change.
  package static let current = "0.1.0"
}
