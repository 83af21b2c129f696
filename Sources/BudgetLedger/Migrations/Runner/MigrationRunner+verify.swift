import LibPQ

/// What `verify` found.
package struct SchemaVerification: Hashable, Sendable {
  /// Where the history does not fit the files.
  package var history: [MigrationError] = []
  /// Migrations that were not applied yet, or were begun and not finished.
  package var pending: [Migration] = []
  /// Where the database is not as the migrations made it; nil: not compared, because the history
  /// does not end where the description of the expected schema was made.
  package var catalogue: [CatalogueDifference]?

  package var isSound: Bool { history.isEmpty && pending.isEmpty && catalogue?.isEmpty != false }
}

extension MigrationRunner {
  /// Compares the history with the files, and the live schema with what the files make.
  package func verify() async throws -> SchemaVerification {
    try await withConnection { connection in
      let (applied, live) = try await connection.run { session in
        (
          try MigrationHistory.read(on: session),
          Catalogue(objects: try session.execute(ReadCatalogue()))
        )
      }
      var result = SchemaVerification()
      result.history = MigrationHistory.problems(applied: applied, files: migrations)
      let done = applied.count { $0.appliedAt != nil }
      result.pending = Array(migrations.dropFirst(done))
      if done == migrations.count, let catalogue {
        result.catalogue = catalogue.differences(from: live)
      }
      return result
    }
  }

  /// What the database consists of now.
  package func liveCatalogue() async throws -> Catalogue {
    try await withConnection { connection in
      Catalogue(objects: try await connection.run { try $0.execute(ReadCatalogue()) })
    }
  }
}
