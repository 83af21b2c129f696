/// A set of migrations, in order.
package enum Migrations {
  /// Those compiled into this program.
  package static let embedded: [Migration] = {
    do {
      return try assemble(embeddedMigrationFiles.filter { $0.name.hasSuffix(".sql") })
    } catch {
      // The build put them there, and a test assembles them; there is nobody to tell at run time.
      preconditionFailure("the embedded migrations do not fit together: \(error)")
    }
  }()

  /// Puts `NNNN_name.up.sql` and `.down.sql` files together.
  ///
  /// - Throws: `MigrationError.badFiles` for names that do not follow the pattern, a version that
  ///   is there twice or missing, a down file without its up file, or directives that make no sense.
  package static func assemble(
    _ files: [(name: String, text: String)]
  ) throws(MigrationError) -> [Migration] {
    var ups: [Int64: (name: String, text: String)] = [:]
    var downs: [Int64: (name: String, text: String)] = [:]
    for file in files {
      guard let parsed = MigrationFileName(file.name) else {
        throw .badFiles("\(file.name): the name must look like 0001_name.up.sql or .down.sql")
      }
      let isUp = parsed.direction == .up
      if let other = isUp ? ups[parsed.version] : downs[parsed.version] {
        throw .badFiles("\(file.name): version \(parsed.version) is also \(other.name)")
      }
      if isUp {
        ups[parsed.version] = (parsed.name, file.text)
      } else {
        downs[parsed.version] = (parsed.name, file.text)
      }
    }
    for (version, down) in downs where ups[version]?.name != down.name {
      let label = Migration.label(version: version, name: down.name)
      throw .badFiles("\(label).down.sql is there, and \(label).up.sql is not")
    }
    var migrations: [Migration] = []
    for (version, up) in ups.sorted(by: { $0.key < $1.key }) {
      let expected = Int64(migrations.count + 1)
      guard version == expected else {
        throw .badFiles("version \(expected) is missing; there is \(version)")
      }
      let migration = Migration(
        version: version, name: up.name, up: up.text, down: downs[version]?.text)
      if let problem = migration.problem { throw .badFiles(problem) }
      migrations.append(migration)
    }
    return migrations
  }
}
