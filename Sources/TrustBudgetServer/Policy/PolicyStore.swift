import AsyncAlgorithms
import ClaimedFile
import Foundation
import Logging
import PolicyFile
import ServiceLifecycle
import Synchronization
import TrustBudget
import UnixSignals

/// The policy in force, and the file that it comes from.
///
/// Read again on SIGHUP, and when the file changed and two looks in a row see the same. A file that fails
/// never replaces a good one that is running.
package final class PolicyStore: Service {
  /// How often the file is looked at, besides SIGHUP.
  private static let interval: Duration = .seconds(1)

  /// A policy, and how it came to be in force.
  package struct Loaded: Sendable {
    package let policy: Policy
    package let loadedAt: Timestamp
    /// Why the file, as it is now, was not taken over; nil when it was.
    package internal(set) var rejected: String?
  }

  private let path: String
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  private let hangups: UnixSignalsSequence
  private let state: Mutex<Loaded>
  private let loadCount = Atomic(1)
  private let failureCount = Atomic(0)

  /// Reads the file for the first time. From then on SIGHUP ends no program: it waits for ``run()``.
  ///
  /// - Parameter now: the wall clock, for what `/v1/policy` says.
  /// - Throws: `FileDiagnostics`, or `UnreadableFile`.
  package init(
    path: String, now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) async throws {
    // Before the file is read, so that no change of it goes unseen.
    hangups = await UnixSignalsSequence(trapping: .sighup)
    let policy = try Policy(
      yaml: [UInt8](ofNodeFile: path, upTo: Policy.sufficientBytes), fileName: path)
    self.path = path
    self.now = now
    self.logger = logger
    self.state = Mutex(Loaded(policy: policy, loadedAt: now()))
  }

  package var current: Loaded { state.withLock { $0 } }

  /// How often a file was taken over, the first time included.
  var loads: Int { loadCount.load(ordering: .relaxed) }
  /// How often a file turned out not to be fit.
  var failures: Int { failureCount.load(ordering: .relaxed) }

  package func run() async throws {
    await withTaskExecutorPreference(DiskThread()) { await follow() }
  }

  private func follow() async {
    let ticks = AsyncTimerSequence(interval: PolicyStore.interval, clock: .continuous)
    // One after the other: of two at once, the one that read an older file could be the last to store it.
    let occasions = merge(ticks.map { _ in Occasion.tick }, hangups.map { _ in Occasion.hangup })
    var watch = FileWatch(taken: current.policy.digest)
    for await occasion in occasions.cancelOnGracefulShutdown() {
      let file = Result { try [UInt8](ofNodeFile: path, upTo: Policy.sufficientBytes) }
      let digest = PolicyStore.digest(file)
      switch occasion {
      case .tick where watch.isSettledChange(digest): take(file)
      case .tick: break
      case .hangup:
        // Who asks for it knows that the file is complete, and gets an answer also where it is as it was.
        watch = FileWatch(taken: digest)
        take(file)
      }
    }
  }

  /// Why the file is looked at.
  private enum Occasion {
    case tick
    case hangup
  }

  /// Puts the file in force if it is good.
  private func take(_ file: Result<[UInt8], any Error>) {
    do {
      let policy = try Policy(yaml: try file.get(), fileName: path)
      state.withLock { $0 = Loaded(policy: policy, loadedAt: now()) }
      loadCount.add(1, ordering: .relaxed)
      logger.notice("policy loaded", metadata: ["digest": "\(policy.digest)"])
    } catch {
      state.withLock { $0.rejected = "\(error)" }
      failureCount.add(1, ordering: .relaxed)
      logger.error(
        "policy not loaded, the last good one stays in force", metadata: ["problem": "\(error)"])
    }
  }

  /// Of what a look at the file finds: its content, or why it cannot be read.
  private static func digest(_ file: Result<[UInt8], any Error>) -> Digest {
    switch file {
    case .success(let bytes): Digest(hashing: bytes)
    case .failure(let error): Digest(hashing: Array("\(error)".utf8))
    }
  }
}
