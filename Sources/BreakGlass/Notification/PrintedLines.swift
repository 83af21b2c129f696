import Foundation
import Logging
import NIOCore
import NIOPosix

/// Logs what a program prints, line by line, until nobody is left who could print: what it has started may
/// outlive it.
///
/// The lines are events of the log, which may be one of JSON. There are so many of them at most; what comes
/// after them is read, so that nobody waits, and thrown away.
final class PrintedLines: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// The most lines of one program that are logged.
  static let most = 100
  /// A longer line is logged in pieces, each of so many bytes.
  static let longest = 1_000

  /// A loop of their own: a program may print without end, and a log may not be read.
  private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  private let logger: Logger
  private var line: [UInt8] = []
  private var count = 0

  private init(_ logger: Logger) {
    self.logger = logger
  }

  /// Begins to read from a pipe, in the background.
  ///
  /// - Throws: the system's error where nobody can read from it.
  static func follow(_ pipe: FileHandle, _ logger: Logger) async throws {
    // A descriptor of the channel's own, which closes it.
    let descriptor = fcntl(pipe.fileDescriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
    do {
      _ = try await NIOPipeBootstrap(group: loops)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PrintedLines(logger))
          }
        }
        .takingOwnershipOfDescriptor(input: descriptor).get()
    } catch {
      close(descriptor)
      throw error
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard count <= PrintedLines.most else { return }
    for byte in unwrapInboundIn(data).readableBytesView {
      if byte != UInt8(ascii: "\n") { line.append(byte) }
      if byte == UInt8(ascii: "\n") || line.count == PrintedLines.longest { logLine() }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    logLine()
    context.fireChannelInactive()
  }

  private func logLine() {
    defer { line = [] }
    guard !line.isEmpty, count <= PrintedLines.most else { return }
    count += 1
    logger.notice(
      "break-glass notice command says",
      metadata: [
        "line": count > PrintedLines.most
          ? "… and more, which is not logged" : "\(String(decoding: line, as: UTF8.self))"
      ])
  }
}
