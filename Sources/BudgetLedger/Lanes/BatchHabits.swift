import TrustBudget

/// What a lane has learnt from its last batches, and does in the next ones.
struct BatchHabits {
  /// How many batches are looked up after one for which it mattered.
  private static let lookUps = 32
  /// How many batches go straight for the rows after one that queued in vain.
  private static let abstentions = 1_024

  private var lookUpsLeft = 0
  private var abstentionsLeft = 0

  /// Whether request ids are looked up before a batch is decided, or trusted to be new.
  ///
  /// Nearly every request id is new, and the unique index says so anyway when its entry is written.
  /// So a lane looks ids up first only while they lately turned out to matter: a batch that trusted
  /// wrongly is done twice.
  var looksUpFirst: Bool { lookUpsLeft > 0 }

  /// Whether a batch queues for its busy budgets.
  ///
  /// Whoever may connect to the database can hold the lock that is queued for, and keep it. That must
  /// cost no more than a wait now and then.
  var queues: Bool { abstentionsLeft == 0 }

  mutating func note(_ answers: [Answer], hasQueuedInVain: Bool) {
    lookUpsLeft =
      answers.allSatisfy(\.holdsForNewRequest) ? max(0, lookUpsLeft - 1) : BatchHabits.lookUps
    abstentionsLeft = hasQueuedInVain ? BatchHabits.abstentions : max(0, abstentionsLeft - 1)
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
