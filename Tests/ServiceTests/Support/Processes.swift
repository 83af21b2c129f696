import Foundation

/// What the system says of its processes.
enum Processes {
  /// A process, and the children that it has now.
  static func family(of parent: Int32) throws -> [Int32] {
    [parent] + all().filter { self.parent(of: $0) == parent }
  }

  /// Processes whose command line holds some text.
  static func mentioning(_ text: String) -> [Int32] {
    all().filter { process in
      let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      return process != getpid() && String(decoding: line, as: UTF8.self).contains(text)
    }
  }

  private static func all() -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }
  }

  private static func parent(of process: Int32) -> Int32? {
    let status = FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data()
    let match = String(decoding: status, as: UTF8.self).firstMatch(of: /PPid:\s+([0-9]+)/)
    return match.flatMap { Int32($0.1) }
  }
}
