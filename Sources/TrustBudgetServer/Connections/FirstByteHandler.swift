import NIOCore

/// Sees a request's first byte. Its head is known only when the whole of it is there, which a slow
/// caller may put off for as long as it likes.
final class FirstByteHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let progress: RequestProgress
  /// Bytes that came after the last answer.
  private var wasted = 0

  init(_ progress: RequestProgress) {
    self.progress = progress
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !progress.isEnding else {
      wasted += unwrapInboundIn(data).readableBytes
      if wasted > ConnectionLimits.lingerBytes { context.close(promise: nil) }
      return
    }
    if progress.arrivingSince == nil { progress.arrivingSince = .now() }
    context.fireChannelRead(data)
  }
}
