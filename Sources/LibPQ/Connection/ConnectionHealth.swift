import Synchronization

/// Whether a connection may still be used, for anybody to ask at any time.
final class ConnectionHealth: Sendable {
  private let usable = Atomic(true)

  var isUsable: Bool { usable.load(ordering: .acquiring) }

  func markBroken() {
    usable.store(false, ordering: .releasing)
  }
}
