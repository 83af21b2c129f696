import ArgumentParser
import Foundation
import UnixSignals

/// What ends a program that a person or a machine does not want to wait for.
enum Interruption {
  /// Runs what would leave something half done behind: a signal cancels it, and then it has cleaned up.
  ///
  /// - Throws: what `body` throws; after a signal an `ExitCode`, 128 and the signal's number, as shells
  ///   have it.
  static func cancelling<R: Sendable>(
    _ body: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    let signals = await trapped()
    return try await withThrowingTaskGroup { group in
      group.addTask { Optional(try await body()) }
      group.addTask {
        for await signal in signals { throw ExitCode(128 + signal.rawValue) }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  /// Runs what cannot be taken back once it is under way: a signal ends the program at once, and says what
  /// is then not known.
  static func telling<R: Sendable>(
    _ words: String, _ body: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    let signals = await trapped()
    let watch = Task {
      for await signal in signals {
        Console.error("ended by signal \(signal.rawValue); \(words)")
        exit(128 + signal.rawValue)
      }
    }
    defer { watch.cancel() }
    return try await body()
  }

  private static func trapped() async -> UnixSignalsSequence {
    let signals: [UnixSignal] = [.sigint, .sigterm, .sighup]
    return await UnixSignalsSequence(trapping: signals.filter { !isIgnored($0.rawValue) })
  }
}
