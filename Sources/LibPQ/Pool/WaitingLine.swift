/// Callers that wait for their turn, first come, first served.
struct WaitingLine {
  struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  private var waiting: [(ticket: Ticket, turn: CheckedContinuation<Void, any Error>)] = []
  private var lastNumber = 0

  mutating func newTicket() -> Ticket {
    lastNumber += 1
    return Ticket(number: lastNumber)
  }

  mutating func join(_ ticket: Ticket, _ turn: CheckedContinuation<Void, any Error>) {
    waiting.append((ticket, turn))
  }

  /// - Returns: Whether there was somebody to admit.
  mutating func admitFirst() -> Bool {
    guard !waiting.isEmpty else { return false }
    waiting.removeFirst().turn.resume()
    return true
  }

  /// Sends somebody away; nothing happens if it had its turn already.
  mutating func fail(_ ticket: Ticket, with error: PostgresError) {
    guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
    waiting.remove(at: index).turn.resume(throwing: error)
  }

  mutating func failAll(with error: PostgresError) {
    let all = waiting
    waiting = []
    for waiter in all { waiter.turn.resume(throwing: error) }
  }
}
