/// A set of migrations, in order.
package enum Migrations {
  /// Those compiled into this program.
  package static let embedded: [Migration] = {
    do {
      return try assemble(embeddedMigrationFiles)
    } catch {
      // The build put them there, and a test assembles them; there is nobody to tell at run time.
      preconditionFailure("the embedded migrations do not fit together: \(error)")
    }
  }()

  /// Puts `NNNN_name.up.sql` and `.down.sql` files together.
  ///
  /// - Throws: `MigrationError.badFiles` for names that do not follow the pattern, a version that
  ///   is there twice or missing, or a down file without its up file.
  package static func assemble(
    _ files: [(name: String, text: String)]
  ) throws(MigrationError) -> [Migration] {
    var ups: [Int64: (name: String, text: String)] = [:]
    var downs: [Int64: String] = [:]
    for file in files {
      guard let parsed = FileName(file.name) else {
        throw .badFiles("\(file.name): the name must look like 0001_name.up.sql or .down.sql")
      }
      switch parsed.direction {
      case .up:
        if let other = ups[parsed.version] {
          throw .badFiles("\(file.name): version \(parsed.version) is also \(other.name)")
        }
        ups[parsed.version] = (parsed.name, file.text)
      case .down:
        downs[parsed.version] = file.text
      }
    }
    for version in downs.keys where ups[version] == nil {
      throw .badFiles("version \(version) has a .down.sql and no .up.sql")
    }
    let versions = ups.keys.sorted()
    for (index, version) in versions.enumerated() where version != Int64(index + 1) {
      throw .badFiles("version \(index + 1) is missing; there is \(version)")
    }
    return versions.compactMap { version in
      ups[version].map {
        Migration(version: version, name: $0.name, up: $0.text, down: downs[version])
      }
    }
  }

  private struct FileName {
    enum Direction {
      case up, down
    }

    let version: Int64
    let name: String
    let direction: Direction

    init?(_ fileName: String) {
      let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[2] == "sql" else { return nil }
      switch parts[1] {
      case "up": direction = .up
      case "down": direction = .down
      default: return nil
      }
      guard let underscore = parts[0].firstIndex(of: "_"),
        let version = Int64(parts[0][..<underscore]), version > 0
      else { return nil }
      self.version = version
      self.name = String(parts[0][parts[0].index(after: underscore)...])
      guard !name.isEmpty else { return nil }
    }
  }
}
