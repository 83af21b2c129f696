import TrustBudget

/// Whether a lane looks request ids up before it decides, or trusts that they are new.
///
/// Nearly every request id is new, and the unique index says so anyway when its entry is written. So
/// a lane looks ids up first only while they lately turned out to matter: a batch that trusted
/// wrongly is done twice.
struct LookUpHabit {
  /// How many batches are looked up after one for which it mattered.
  private static let memory = 32

  private var batchesLeft = 0

  var looksUpFirst: Bool { batchesLeft > 0 }

  mutating func note(_ answers: [Answer]) {
    batchesLeft =
      answers.allSatisfy(\.holdsForNewRequest) ? max(0, batchesLeft - 1) : LookUpHabit.memory
  }
}

extension Operation {
  /// Whether it comes with a request id of its own, and not with that of an earlier charge.
  var makesRequest: Bool {
    switch self {
    case .charge, .adjustment, .reset: true
    case .settlement, .refund: false
    }
  }
}

extension Answer {
  /// Whether the entries that come with it fail to be written if the request id is known already, so
  /// that what was decided for a new request holds if it can be committed.
  ///
  /// Not so for a denial: its entry may repeat an id, and a request that was charged before must get
  /// its receipt instead.
  var holdsForNewRequest: Bool {
    switch self {
    case .charged(_, replayed: false), .changed(_, replayed: false): true
    case .charged, .changed, .denied, .settled, .refunded, .rejected: false
    }
  }
}
