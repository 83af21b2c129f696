/// How much a connection may ask for, and how long it may take.
package struct ConnectionLimits: Sendable {
  /// Connections open at once; whoever comes when there are as many is hung up on.
  package var connections = 10_000
  /// The bytes of a request's header, all fields together, and of its target.
  package var headerBytes = 32 * 1_024
  /// The fields of a request's header.
  package var headerFields = 100
  /// How long a connection may stay open without a request.
  package var idleTimeout: Duration = .seconds(75)
  /// How long a request may take to arrive, from its first byte to its last, and how long a caller may
  /// leave its answer unread.
  package var requestTimeout: Duration = .seconds(30)

  package init() {}

  /// How long a connection is kept open, once its last answer is sent, for the caller to read it.
  static let linger: Duration = .seconds(5)
  /// How much the caller may send meanwhile, in bytes, without being hung up on.
  static let lingerBytes = 16 << 20
  /// How long the node waits before it reads more of that: of a flood, 256 KiB each time, so that what
  /// is allowed comes through in that time.
  static let lingerPause: Duration = .milliseconds(50)
}
