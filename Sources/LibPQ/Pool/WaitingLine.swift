/// Callers that wait for their turn, first come, first served.
struct WaitingLine {
  struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  private typealias Turn = CheckedContinuation<Void, any Error>

  private var waiting: [(ticket: Ticket, turn: Turn)] = []
  /// Failed before they had joined: their task was cancelled already, say.
  private var failedEarly: [Ticket: PostgresError] = [:]
  private var lastNumber = 0
  /// The tickets that were given out and have not joined yet.
  private var announced: Set<Ticket> = []

  var isEmpty: Bool { waiting.isEmpty }

  mutating func newTicket() -> Ticket {
    lastNumber += 1
    let ticket = Ticket(number: lastNumber)
    announced.insert(ticket)
    return ticket
  }

  mutating func join(_ ticket: Ticket, _ turn: CheckedContinuation<Void, any Error>) {
    announced.remove(ticket)
    if let error = failedEarly.removeValue(forKey: ticket) {
      turn.resume(throwing: error)
    } else {
      waiting.append((ticket, turn))
    }
  }

  /// - Returns: Whether there was somebody to admit.
  mutating func admitFirst() -> Bool {
    guard !waiting.isEmpty else { return false }
    waiting.removeFirst().turn.resume()
    return true
  }

  /// Sends somebody away; nothing happens if it had its turn already.
  mutating func fail(_ ticket: Ticket, with error: PostgresError) {
    if let index = waiting.firstIndex(where: { $0.ticket == ticket }) {
      waiting.remove(at: index).turn.resume(throwing: error)
    } else if announced.contains(ticket) {
      failedEarly[ticket] = error
    }
  }

  mutating func failAll(with error: PostgresError) {
    let all = waiting
    waiting = []
    for waiter in all { waiter.turn.resume(throwing: error) }
  }
}
