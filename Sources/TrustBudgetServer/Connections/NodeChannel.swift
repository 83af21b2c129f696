import BudgetLedger
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// Sets up a node's connections: TLS, if there is any, HTTP/1.1, and their bounds.
struct NodeChannel: ServerChildChannel, HTTPChannelHandler {
  struct Value: ServerChildChannelValue {
    let http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let client: ClientCertificate?
    let caller: CallerPresence
    var channel: any Channel { http.channel }
  }

  let tls: TLSFiles?
  let limits: ConnectionLimits
  let count: ConnectionCount
  let responder: HTTPChannelHandler.Responder

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let mayEnter = count.entered()
    channel.closeFuture.whenComplete { [count] _ in count.left() }
    return channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let client = try addTLS(to: pipeline)
      let caller = CallerPresence()
      try pipeline.addHandler(HangUpHandler(caller))
      let progress = RequestProgress()
      try pipeline.addHandler(FirstByteHandler(progress))
      var decoder = NIOHTTPDecoderLimitConfiguration()
      decoder.maxHeaderFieldSize = limits.headerBytes
      decoder.maxHeaderListSize = limits.headerBytes
      decoder.maxHeaderFieldCount = limits.headerFields
      try pipeline.configureHTTPServerPipeline(
        // Requests are answered one after the other: by Hummingbird, which also answers errors.
        withPipeliningAssistance: false, withErrorHandling: false,
        withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
        withDecoderLimitConfiguration: decoder)
      try pipeline.addHandler(
        RequestHeadHandler(progress, needsHost: channel.localAddress?.protocol != .unix))
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: client != nil))
      try pipeline.addHandler(BoundsHandler(limits: limits, count: count, progress: progress))
      try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
      let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: true))
      if !mayEnter {
        count.ended(for: .tooMany)
        // Once the server has it: one that fails to be set up would end the server.
        channel.eventLoop.execute { channel.close(promise: nil) }
      }
      return Value(http: http, client: client, caller: caller)
    }
  }

  func handle(value: Value, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
      await CallerPresence.$current.withValue(value.caller) {
        guard let client = value.client else {
          return await handleHTTP(asyncChannel: value.http, logger: logger)
        }
        await ClientCertificate.$current.withValue(client) {
          await handleHTTP(asyncChannel: value.http, logger: logger)
        }
      }
    }
  }

  /// - Returns: where the caller's certificate will be, once it has shown it; nil without TLS.
  private func addTLS(to pipeline: ChannelPipeline.SynchronousOperations) throws
    -> ClientCertificate?
  {
    guard let tls else { return nil }
    let client = ClientCertificate()
    // The files as they are now: connections that are open stay as they are.
    try pipeline.addHandler(NIOSSLServerHandler(context: tls.current.context))
    try pipeline.addHandler(HandshakeHandler(client))
    return client
  }
}
