import Glibc

/// Whether this program was started to ignore a signal, by nohup say: then it is nobody's wish to end it.
func isIgnored(_ signal: Int32) -> Bool {
  var action = sigaction()
  sigaction(signal, nil, &action)
  let handler = action.__sigaction_handler.sa_handler
  return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
