/// What a client sends, cut into groups that the server answers as one.
struct FrontendStream {
  struct Group {
    var bytes: [UInt8] = []
    /// Whether a COMMIT is among them.
    var commits = false
  }

  private var unread: [UInt8] = []
  private var group = Group()
  private var hasStarted = false

  /// The groups that are complete with these bytes.
  ///
  /// A group ends with Sync or a simple query; the rest of a session's messages (the first one,
  /// Terminate, a password) are groups of their own.
  mutating func groups(afterReading bytes: [UInt8]) -> [Group] {
    unread += bytes
    var complete: [Group] = []
    while let message = nextMessage() {
      group.bytes += message.bytes
      switch message.type {
      case UInt8(ascii: "P"), UInt8(ascii: "E"), UInt8(ascii: "D"), UInt8(ascii: "C"):
        continue
      case UInt8(ascii: "B"):
        group.commits = group.commits || FrontendStream.bindsCommit(message.bytes)
        continue
      default:
        complete.append(group)
        group = Group()
      }
    }
    return complete
  }

  /// - Returns: nil when no message is whole yet. The first message of a session has no type.
  private mutating func nextMessage() -> (type: UInt8?, bytes: [UInt8])? {
    let typeLength = hasStarted ? 1 : 0
    guard unread.count >= typeLength + 4 else { return nil }
    let length = unread[typeLength..<typeLength + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = typeLength + length
    guard unread.count >= end else { return nil }
    let message = Array(unread[..<end])
    unread.removeFirst(end)
    defer { hasStarted = true }
    return (hasStarted ? message[0] : nil, message)
  }

  /// Bind: type, length, portal's name, statement's name, …
  private static func bindsCommit(_ message: [UInt8]) -> Bool {
    let names = message.dropFirst(5).split(
      separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard names.count > 1 else { return false }
    return String(decoding: names[1], as: UTF8.self).hasPrefix("commit")
  }
}
