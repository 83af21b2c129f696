import Logging
import TrustBudget

/// Tells whom the policy names of each event, in the background: tried several times, given up loudly,
/// and never in the way of an answer.
final class BreakGlassNotifier: Sendable {
  /// The most events that may wait to be told.
  static let capacity = 1_000
  /// How many are told at a time.
  static let workers = 4
  /// The pauses between attempts.
  static let pauses: [Duration] = [
    .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16),
  ]
  /// How long one attempt may take.
  static let patience: Duration = .seconds(10)

  private struct Delivery: Sendable {
    let notice: BreakGlassNotice
    let event: BreakGlassEvent
  }

  private let logger: Logger
  private let deliveries: AsyncStream<Delivery>
  private let delivery: AsyncStream<Delivery>.Continuation

  init(logger: Logger) {
    self.logger = logger
    (deliveries, delivery) = AsyncStream.makeStream(
      bufferingPolicy: .bufferingOldest(BreakGlassNotifier.capacity))
  }

  /// Remembers to tell of an event. Never waits.
  func tell(_ notice: BreakGlassNotice, of event: BreakGlassEvent) {
    if case .dropped = delivery.yield(Delivery(notice: notice, event: event)) {
      logger.error(
        "break-glass notice dropped: too many wait",
        metadata: ["journal": "\(event.journalID)", "event": "\(event.sequence)"])
    }
  }

  func close() {
    delivery.finish()
  }

  func run() async {
    await withTaskGroup(of: Void.self) { group in
      var running = 0
      for await delivery in deliveries {
        if running == BreakGlassNotifier.workers {
          await group.next()
          running -= 1
        }
        running += 1
        group.addTask { await self.tell(delivery) }
      }
    }
  }

  private func tell(_ delivery: Delivery) async {
    await withTaskGroup(of: Void.self) { group in
      if !delivery.notice.command.isEmpty {
        group.addTask {
          await self.attempt("command", delivery.event) {
            try await NoticeCommand(delivery.notice.command, logger: self.logger)
              .run(input: delivery.event.json.text)
          }
        }
      }
      if let url = delivery.notice.webhook {
        group.addTask {
          await self.attempt("webhook", delivery.event) {
            try await NoticeWebhook(url).post(delivery.event.json.text)
          }
        }
      }
    }
  }

  private func attempt(
    _ way: String, _ event: BreakGlassEvent, _ tell: () async throws -> Void
  ) async {
    var metadata: Logger.Metadata = [
      "way": "\(way)", "journal": "\(event.journalID)", "event": "\(event.sequence)",
    ]
    var problem = ""
    for pause in BreakGlassNotifier.pauses.map(Optional.some) + [nil] {
      do {
        return try await tell()
      } catch {
        if !Task.isCancelled { problem = "\(error)" }
      }
      guard let pause, (try? await Task.sleep(for: pause)) != nil else { break }
    }
    if Task.isCancelled {
      problem = "the node ends" + (problem.isEmpty ? "" : "; before that: \(problem)")
    }
    metadata["problem"] = "\(problem)"
    logger.error("break-glass notice could not be delivered", metadata: metadata)
  }
}
