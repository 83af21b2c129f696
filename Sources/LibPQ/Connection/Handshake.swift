import CPostgreSQL
import Foundation
import Synchronization

/// What libpq and the server have to say to each other before a connection is made.
///
/// libpq waits for the server with us, but for others by itself: for a Kerberos server, or for the disk that
/// a certificate is on. So this runs where it keeps nobody from giving up.
final class Handshake: Sendable {
  private let isInLibrary = Atomic(false)
  private let isLeft = Atomic(false)

  /// Goes on until the connection is made, or cannot be, or nobody wants it any more.
  ///
  /// - Parameter slice: how often to look up whether it is wanted.
  /// - Returns: Whether it is made.
  func run(on connection: OpaquePointer?, slice: Duration) -> Bool {
    var state = PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK, state != PGRES_POLLING_FAILED {
      if isLeft.load(ordering: .relaxed) { return false }
      let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
      var descriptor = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
      guard poll(&descriptor, 1, slice.pollMilliseconds) > 0 else { continue }
      isInLibrary.store(true, ordering: .relaxed)
      state = PQconnectPoll(connection)
      isInLibrary.store(false, ordering: .relaxed)
    }
    return state == PGRES_POLLING_OK
  }

  /// Nobody waits for it any more.
  ///
  /// - Returns: Whether libpq had not come back from one of its calls.
  func leave() -> Bool {
    isLeft.store(true, ordering: .relaxed)
    return isInLibrary.load(ordering: .relaxed)
  }
}
