/// Somebody cut the wait for the synchronous standby short: all is committed here, and may yet be lost in
/// a failover. So nobody is answered; when it is tried again what was committed is found, and waited for.
struct UnconfirmedCommit: Error, CustomStringConvertible {
  var description: String {
    "the synchronous standby did not confirm the COMMIT: it is away or slow, or somebody ended the wait"
  }
}
