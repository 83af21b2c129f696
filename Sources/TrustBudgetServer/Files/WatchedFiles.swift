import AsyncAlgorithms
import ClaimedFile
import Logging
import ServiceLifecycle
import Synchronization
import TrustBudget

/// What some files say together, read again when one of them changes.
///
/// Files that fail never replace good ones that are in use. Files that belong together, a certificate
/// and its key, are seldom replaced in the same moment, and half of one may be valid: what has changed is
/// read when two looks in a row see the same.
package final class WatchedFiles<Value: Sendable>: Service {
  private struct State {
    var value: Value
    /// Of the files that the value was read from.
    var digest: Digest
    var watch: FileWatch
  }

  private let what: String
  private let paths: [String]
  private let read: @Sendable ([[UInt8]]) throws -> Value
  private let look: @Sendable (Value) -> Void
  private let logger: Logger
  private let state: Mutex<State>

  /// Reads the files for the first time.
  ///
  /// - Parameters:
  ///   - what: what logs call the files.
  ///   - look: told the value at each look, every second; changed or not.
  ///   - read: makes a value of the files' bytes, in the order of `paths`.
  /// - Throws: what `read` throws, or `UnreadableFile`.
  package init(
    _ what: String, _ paths: [String], logger: Logger,
    look: @escaping @Sendable (Value) -> Void = { _ in },
    read: @escaping @Sendable ([[UInt8]]) throws -> Value
  ) throws {
    self.what = what
    self.paths = paths
    self.read = read
    self.look = look
    self.logger = logger
    let files = try paths.map { try [UInt8](ofNodeFile: $0) }
    let value = try read(files)
    let digest = WatchedFiles.digest(files)
    state = Mutex(State(value: value, digest: digest, watch: FileWatch(taken: digest)))
    look(value)
  }

  package var current: Value { state.withLock { $0.value } }

  package func run() async throws {
    let ticks = AsyncTimerSequence(interval: .seconds(1), clock: .continuous)
    await withTaskExecutorPreference(DiskThread()) {
      for await _ in ticks.cancelOnGracefulShutdown() {
        reload()
        look(current)
      }
    }
  }

  func reload() {
    let files = Result { try paths.map { try [UInt8](ofNodeFile: $0) } }
    let digest =
      switch files {
      case .success(let files): WatchedFiles.digest(files)
      case .failure(let error): Digest(hashing: Array("\(error)".utf8))
      }
    let isDue = state.withLock { state in
      state.watch.isSettledChange(digest) && digest != state.digest
    }
    guard isDue else { return }
    do {
      let value = try read(try files.get())
      state.withLock { state in
        state.value = value
        state.digest = digest
      }
      logger.notice("files loaded", metadata: ["what": "\(what)"])
    } catch {
      logger.error(
        "files not loaded, the last good ones stay in use",
        metadata: [
          "what": "\(what)", "files": "\(paths.joined(separator: ", "))", "problem": "\(error)",
        ])
    }
  }

  private static func digest(_ files: [[UInt8]]) -> Digest {
    Digest(hashing: files.flatMap { Array("\($0.count):".utf8) + $0 })
  }
}
