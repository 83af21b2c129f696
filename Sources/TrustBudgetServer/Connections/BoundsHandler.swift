import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import TrustBudget

/// Holds one connection to its bounds.
///
/// A request that arrives too slowly is answered 408, one that is no HTTP 400, one whose header is
/// too large 431, one in an unknown transfer coding 501; an answer that nobody reads, and a connection
/// that nobody uses, is given up. After each of them, and after an answer to a request whose body was
/// not wanted, huge or held back, nothing more is read from the caller: what follows cannot be trusted
/// to be a request.
final class BoundsHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: ConnectionLimits
  private let count: ConnectionCount
  private let progress: RequestProgress

  /// Requests whose head has come and whose answer is not complete.
  private var unanswered = 0
  /// nil: the latest request is all here.
  private var arrivingBody: ArrivingBody?
  private var isAnswering = false
  private var endsAfterAnswer = false
  /// What to answer instead of Hummingbird's bare 400.
  private var refusal: Problem?
  private var idleSince = NIODeadline.now()
  private var blockedSince: NIODeadline?
  private var timer: Scheduled<Void>?
  private var nextRead: Scheduled<Void>?

  /// The latest request's body, while it is not all here.
  private struct ArrivingBody {
    /// It is too large, or of unknown length, to be waited for in vain.
    let isEndless: Bool
    /// The caller waits to be told to send it.
    var isAwaited: Bool

    init(after head: HTTPRequest) {
      let length = head.headerFields[.contentLength].flatMap { Int($0) }
      isEndless = length.map { $0 > ConnectionLimits.lingerBytes } ?? true
      isAwaited = head.isBodyAwaited
    }
  }

  init(limits: ConnectionLimits, count: ConnectionCount, progress: RequestProgress) {
    self.limits = limits
    self.count = count
    self.progress = progress
  }

  func handlerAdded(context: ChannelHandlerContext) {
    scheduleLook(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    nextRead?.cancel()
  }

  // MARK: What the caller sends

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !progress.isEnding else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      unanswered += 1
      arrivingBody = ArrivingBody(after: head)
    case .body: arrivingBody?.isAwaited = false
    case .end:
      arrivingBody = nil
      progress.arrivingSince = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    // The caller may still be sending, and would not get to reading its answer otherwise. A flood must
    // not take the time of others, so it is let in by and by.
    if progress.isEnding {
      nextRead = context.eventLoop.assumeIsolated().scheduleTask(
        in: TimeAmount(ConnectionLimits.lingerPause)
      ) {
        context.read()
      }
    }
  }

  func read(context: ChannelHandlerContext) {
    // Nobody behind this handler gets what still comes, and would ask for more at once.
    if !progress.isEnding { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      refusal = Problem(
        .headerTooLarge,
        "The request's header has more than \(limits.headerBytes) bytes "
          + "or \(limits.headerFields) fields.")
    case is UnsupportedTransferCoding:
      refusal = Problem(
        .unsupportedTransferCoding,
        "The one Transfer-Encoding that is understood is chunked. Send the body in that, or as it is with its "
          + "Content-Length.")
    case is UnusableHost:
      refusal = Problem(
        .invalidRequest,
        "A request has one Host field, with a name or an address and perhaps a port: node-1:8470, [::1]:8470."
      )
    case is HTTPParserError, is NIOHTTPDecoderError, is HTTP1TypeConversionError:
      refusal = Problem(.invalidRequest, "The request is not HTTP/1.1 as RFC 9112 has it.")
    default: break
    }
    // The one kind that Hummingbird answers, once it has answered what came before.
    context.fireErrorCaught(refusal == nil ? error : HTTPParserError.unknown)
  }

  // MARK: What it is answered

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !progress.isEnding else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(let head) where head.status.kind == .informational:
      arrivingBody?.isAwaited = false
      context.write(data, promise: promise)
    case .head(var head):
      if let refusal, !isAnswering, unanswered <= 1, head.status == .badRequest,
        head.headerFields[.contentType] == nil
      {
        promise?.succeed()
        end(with: refusal, context)
        return
      }
      isAnswering = true
      if unanswered == 1, progress.isLastRequest { head.headerFields[.connection] = "close" }
      // A caller that was not told to send its body may go on with that, or with its next request.
      if let body = arrivingBody, body.isEndless || body.isAwaited, unanswered == 1 {
        head.headerFields[.connection] = "close"
        endsAfterAnswer = true
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      unanswered -= 1
      isAnswering = false
      idleSince = .now()
      context.write(data, promise: promise)
      if endsAfterAnswer {
        context.flush()
        // Many a client takes a connection's end, while it still sends, for a failure, and does not
        // look at the answer.
        leave(context)
      }
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    blockedSince = context.channel.isWritable ? nil : .now()
    context.fireChannelWritabilityChanged()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output, !progress.isEnding {
      end(context, promise: promise)
    } else if mode == .output {
      // Hummingbird's, after an answer that this handler ends by itself.
      promise?.succeed()
    } else {
      context.close(mode: mode, promise: promise)
    }
  }

  // MARK: The end

  private func end(with problem: Problem, _ context: ChannelHandlerContext) {
    count.metrics.answered(with: problem.kind)
    let body = ByteBuffer(string: problem.body.text)
    let head = HTTPResponse(
      status: problem.status,
      headerFields: [
        .contentType: "application/problem+json", .contentLength: "\(body.readableBytes)",
        .connection: "close",
      ])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    end(context)
  }

  /// Says that nothing more comes, and leaves the caller a moment to read what came: closing at once
  /// would take an answer away from a caller that still sends.
  private func end(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
    leave(context)
    context.close(mode: .output, promise: promise)
  }

  /// Looks at nothing that still comes, and closes the connection after a moment.
  private func leave(_ context: ChannelHandlerContext) {
    progress.isEnding = true
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(
      in: TimeAmount(ConnectionLimits.linger)
    ) {
      context.close(promise: nil)
    }
    context.read()
  }

  // MARK: Time

  private func scheduleLook(_ context: ChannelHandlerContext) {
    let shortest = min(limits.idleTimeout, limits.requestTimeout)
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(shortest / 4)) {
      self.look(context)
    }
  }

  private func look(_ context: ChannelHandlerContext) {
    guard !progress.isEnding else { return }
    let now = NIODeadline.now()
    if let blockedSince, now - blockedSince >= TimeAmount(limits.requestTimeout) {
      count.ended(for: .unreadAnswer)
      context.close(promise: nil)
    } else if let since = progress.arrivingSince, now - since >= TimeAmount(limits.requestTimeout) {
      count.ended(for: .slowRequest)
      timeOut(context)
    } else if progress.arrivingSince == nil, unanswered == 0,
      now - idleSince >= TimeAmount(limits.idleTimeout)
    {
      context.close(promise: nil)
    } else {
      scheduleLook(context)
    }
  }

  private func timeOut(_ context: ChannelHandlerContext) {
    // An answer to another request must not be taken for the answer to this one.
    guard !isAnswering, unanswered == (arrivingBody == nil ? 0 : 1) else {
      context.close(promise: nil)
      return
    }
    let seconds = limits.requestTimeout.components.seconds
    end(
      with: Problem(
        .requestTimeout,
        "The request did not arrive within \(seconds) seconds, and was not carried out. Send all of it again, on "
          + "a new connection."),
      context)
  }
}
