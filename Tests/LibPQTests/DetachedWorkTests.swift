import Dispatch
import Testing

@testable import LibPQ

/// What cannot be interrupted is waited for as long as there is time, and then left to itself.
struct DetachedWorkTests {
  @Test func `what is done in time is had, and not thrown away`() {
    let work = DetachedWork(discard: { (_: Int) in Issue.record("it was wanted") }) { 7 }
    #expect(work.value(before: .now + .seconds(60), slice: .milliseconds(10)) == 7)
  }

  @Test func `what is not is left, and what comes of it later is thrown away`() async {
    let hanging = DispatchSemaphore(value: 0)
    let (discarded, discard) = AsyncStream.makeStream(of: Int.self)
    let work = DetachedWork(discard: { discard.yield($0) }) {
      hanging.wait()
      return 7
    }
    #expect(work.value(before: .now + .milliseconds(30), slice: .milliseconds(10)) == nil)
    hanging.signal()
    #expect(await discarded.first { _ in true } == 7)
  }

  @Test func `what is left counts until it is over`() async {
    let hanging = DispatchSemaphore(value: 0)
    let abandoned = AbandonedWork(limit: 1)
    let (discarded, discard) = AsyncStream.makeStream(of: Int.self)
    let work = DetachedWork(discard: { discard.yield($0) }, abandoned: abandoned) {
      hanging.wait()
      return 7
    }
    #expect(!abandoned.isTooMuch)
    #expect(work.value(before: .now + .milliseconds(30), slice: .milliseconds(10)) == nil)
    #expect(abandoned.isTooMuch)
    hanging.signal()
    _ = await discarded.first { _ in true }
    let end = ContinuousClock.now + .seconds(60)
    while abandoned.isTooMuch, ContinuousClock.now < end { await Task.yield() }
    #expect(!abandoned.isTooMuch)
  }

  @Test func `a task that is cancelled does not wait for the end of its time`() async {
    let hanging = DispatchSemaphore(value: 0)
    defer { hanging.signal() }
    let waiting = Task.detached {
      let work = DetachedWork(discard: { (_: Int) in }) {
        hanging.wait()
        return 7
      }
      return work.value(before: .now + .seconds(600), slice: .milliseconds(10))
    }
    waiting.cancel()
    #expect(await waiting.value == nil)
  }
}
