extension Duration {
  /// For `poll`, rounded up so that a wait doesn't end before its time and spin.
  var pollMilliseconds: Int32 {
    let milliseconds = (self / .milliseconds(1)).rounded(.up)
    return Int32(clamping: Int64(min(max(milliseconds, 0), 1e9)))
  }
}
