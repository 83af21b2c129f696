import Foundation
import TrustBudgetTesting

/// Gives one answer after the other, whatever it is asked, and the last one for ever.
final class ScriptedNode: Sendable {
  struct Answer: Sendable {
    let status: String
    let body: String
    /// Where it sends the client instead.
    var location: String?
    /// How long it takes, in seconds.
    var delay = 0.0
  }

  /// Where it listens.
  let path: String
  /// The same as the client takes it.
  let url: String
  private let listener: Int32

  /// - Parameter answers: nil takes the request and hangs up.
  init(in directory: TemporaryDirectory, answers: [Answer?]) throws {
    path = directory.file("node")
    url = "http+unix://\(path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? path)"
    listener = try UnixSocket.listen(at: path)
    let listener = listener
    Thread.detachNewThread {
      var number = 0
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        _ = UnixSocket.read(connection)
        if let answer = answers[min(number, answers.count - 1)] {
          Thread.sleep(forTimeInterval: answer.delay)
          let location = answer.location.map { "location: \($0)\r\n" } ?? ""
          let text = """
            HTTP/1.1 \(answer.status)\r\nconnection: close\r\n\(location)\
            content-length: \(answer.body.utf8.count)\r\n\r\n\(answer.body)
            """
          _ = UnixSocket.write(Array(text.utf8), to: connection)
        }
        close(connection)
        number += 1
      }
    }
  }

  /// Lends one in a directory of its own.
  static func with(
    _ answers: [Answer?], _ body: (ScriptedNode) async throws -> Void
  ) async throws {
    try await Undertaker.shared.withDirectory { directory in
      let node = try ScriptedNode(in: directory, answers: answers)
      defer { node.stop() }
      try await body(node)
    }
  }

  /// Ends the thread, too.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
