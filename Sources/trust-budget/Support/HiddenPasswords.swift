import Foundation
import LibPQ

/// Takes passwords out of what `ps` shows of this process. Other users see its arguments as they lie in its
/// own memory, and for as long as it lives.
enum HiddenPasswords {
  private static let options = ["--database-url", "--against"]

  /// - Parameter arguments: those of the program, as they were read before: what lies in memory is changed.
  static func hide(in arguments: [String]) {
    let secrets = arguments.indices.filter { index in
      let argument = arguments[index]
      if index > 0, options.contains(arguments[index - 1]) { return holdsPassword(argument) }
      return options.contains { argument.hasPrefix($0 + "=") }
        && holdsPassword(String(argument.drop { $0 != "=" }.dropFirst()))
    }
    guard !secrets.isEmpty, let memory = argumentMemory() else { return }
    for (index, word) in memory.split(separator: 0, omittingEmptySubsequences: false).enumerated()
    where secrets.contains(index) {
      // The option itself may be seen.
      let option = options.first { arguments[index].hasPrefix($0 + "=") }
      let value = word.dropFirst(option.map { $0.utf8.count + 1 } ?? 0)
      for place in value.indices { memory[place] = UInt8(ascii: "x") }
    }
  }

  private static func holdsPassword(_ text: String) -> Bool {
    (try? PostgresConfiguration(text))?.holdsPassword ?? true
  }

  /// Where the kernel looks for the arguments: fields 48 and 49 of proc(5)'s `stat`.
  private static func argumentMemory() -> UnsafeMutableBufferPointer<UInt8>? {
    guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      // The second field, in brackets, is a name, and may hold anything.
      let rest = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[rest...].split(separator: " ")
    guard fields.count > 47, let start = UInt(fields[46]), let end = UInt(fields[47]), start < end
    else { return nil }
    return UnsafeMutableBufferPointer(
      start: UnsafeMutablePointer(bitPattern: start), count: Int(end - start))
  }
}
