import Foundation
import Logging
import NIOCore
import NIOPosix

/// Logs what a program prints, line by line, until nobody is left who could print: what it has started may
/// outlive it.
///
/// The lines are events of the log, which may be one of JSON.
final class PrintedLines: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// A longer line is logged in pieces, each of so many bytes.
  private static let longest = 1_000

  private let logger: Logger
  private var line: [UInt8] = []

  private init(_ logger: Logger) {
    self.logger = logger
  }

  /// Begins to read from a pipe, in the background.
  static func follow(_ pipe: FileHandle, _ logger: Logger) async {
    // A descriptor of the channel's own, which closes it.
    let descriptor = dup(pipe.fileDescriptor)
    guard descriptor >= 0 else { return }
    do {
      _ = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PrintedLines(logger))
          }
        }
        .takingOwnershipOfDescriptor(input: descriptor).get()
    } catch {
      close(descriptor)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
    guard !line.isEmpty else { return }
    logger.notice(
      "break-glass notice command says",
      metadata: ["line": "\(String(decoding: line, as: UTF8.self))"])
  }
}
