extension String {
  /// A name that came from outside, fit to be shown.
  var printableName: String {
    String(prefix(64).map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" })
  }
}
