import BudgetLedger
import NIOCore

/// Notices that a caller has closed its connection, or its side of it.
///
/// The one cannot be told from the other before there is an answer to be sent. So what waits for its turn
/// when nothing more can come is given up, and what comes behind has its turn if that is at once: some
/// simple clients close their side as soon as they have asked.
final class HangUpHandler: ChannelInboundHandler {
  typealias InboundIn = Never

  private let caller: CallerPresence

  init(_ caller: CallerPresence) {
    self.caller = caller
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { caller.hangUp() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    caller.leave()
    context.fireChannelInactive()
  }
}
