import NIOCore

/// What a connection's handlers tell each other of the request that arrives. On the connection's event
/// loop.
final class RequestProgress {
  /// When its first byte came; nil: nothing arrives.
  var arrivingSince: NIODeadline?
  /// Whether its caller wants the connection's end after the answer.
  var isLastRequest = false
  /// Whether the connection has had its last answer; what still comes is not looked at.
  var isEnding = false
}
