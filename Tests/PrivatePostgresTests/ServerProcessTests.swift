import ChildProcess
import Foundation
import Synchronization
import Testing

@testable import PrivatePostgres

/// What a child gets of ours.
@Suite struct ServerProcessTests {
  @Test func `a child holds nothing that another thread opens while it is started`() throws {
    let isOver = Atomic(false)
    let opener = Thread {
      while !isOver.load(ordering: .relaxed) {
        // As Foundation's Process does: without O_CLOEXEC. Many, so that new numbers are taken.
        var descriptors: [Int32] = []
        for _ in 0..<100 {
          var pair: [Int32] = [0, 0]
          guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else { break }
          descriptors += pair
        }
        for descriptor in descriptors { close(descriptor) }
      }
    }
    opener.start()
    defer { isOver.store(true, ordering: .relaxed) }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    for _ in 0..<50 {
      let child = try ServerProcess.spawn(
        ["/bin/sleep", "60"], environment: [:], descriptors: [null, null, null])
      defer {
        kill(child, SIGKILL)
        Child.reap(child)
      }
      let directory = "/proc/\(child)/fd"
      let held = try FileManager.default.contentsOfDirectory(atPath: directory).compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
      }
      #expect(!held.contains { $0.hasPrefix("socket:") }, "\(held)")
    }
  }
}
