import BudgetLedger
import NIOCore

/// Notices that a caller has closed its connection, or its side of it.
///
/// The one cannot be told from the other before there is an answer to be sent, and no client of HTTP does
/// the latter.
final class HangUpHandler: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  private let caller: CallerPresence

  init(_ caller: CallerPresence) {
    self.caller = caller
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { caller.leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    caller.leave()
    context.fireChannelInactive()
  }
}
