import PrometheusExposition

/// What each metric means, in the words of its HELP line. docs/operating.md has the same names.
extension MetricDescription {
  package static let all: [MetricDescription] =
    ProcessFigures.descriptions + requests + connections + decisions + ledger + budgets + policy
    + mirror + breakGlass

  private static let requests = [
    MetricDescription(
      "trust_budget_request_duration_seconds",
      "Time from a request's head to its answer, by method and route; other: not in the contract."),
    MetricDescription(
      "trust_budget_problems_total", "Answers that were a problem, by the kind of problem."),
    MetricDescription("trust_budget_build_info", "1; the labels say what runs, and its name."),
  ]

  private static let connections = [
    MetricDescription("trust_budget_connections", "Connections that are open."),
    MetricDescription(
      "trust_budget_connections_ended_total",
      "Connections ended against their callers' will: too many, a request that took too long to "
        + "arrive, an answer that nobody read."),
    MetricDescription(
      "trust_budget_tls_certificate_expiry_seconds",
      "When the certificate in use expires, in seconds since 1970."),
  ]

  private static let decisions = [
    MetricDescription(
      "trust_budget_charges_total",
      "Requests that took points, by the policy's rule; (explicit): the caller named the terms."),
    MetricDescription("trust_budget_points_charged_total", "Points taken by charges, by rule."),
    MetricDescription(
      "trust_budget_denials_total", "Requests that found too few points, by rule."),
    MetricDescription(
      "trust_budget_allowed_without_budget_total",
      "Requests allowed by a rule that has no budget, by rule."),
    MetricDescription(
      "trust_budget_replays_total",
      "Requests that were charged before, and got their first receipt again."),
    MetricDescription(
      "trust_budget_resets_total", "Windows that this node opened, scheduled or by hand."),
  ]

  private static let ledger = [
    MetricDescription(
      "trust_budget_ledger_available",
      "1 when PostgreSQL and its schema could be used when last tried, else 0."),
    MetricDescription("trust_budget_batch_size", "Operations decided in one transaction."),
    MetricDescription(
      "trust_budget_batch_retries_total", "Batches that had to be tried again."),
    MetricDescription(
      "trust_budget_queue_length", "Operations that wait for a lane, or for a row that is held."),
    MetricDescription("trust_budget_queue_capacity", "Operations that may wait, in all lanes."),
    MetricDescription(
      "trust_budget_lane_connected", "1 while the lane has a session with PostgreSQL, else 0."),
    MetricDescription(
      "trust_budget_pool_connections_in_use", "Connections that are in use for reads."),
    MetricDescription(
      "trust_budget_pool_connections_limit", "Connections that there may be for reads."),
  ]

  private static let budgets = [
    MetricDescription(
      "trust_budget_budgets",
      "Budgets under this node's watch that are low (below a fifth of the allocation), exhausted "
        + "(nothing left), or fast (more than half of the allocation gone in less than an hour)."),
    MetricDescription(
      "trust_budget_watched_budgets",
      "Budgets under this node's watch: those that ran short when it last decided; at most 2000."),
  ]

  private static let policy = [
    MetricDescription("trust_budget_policy_info", "1; the label has the policy file's SHA-256."),
    MetricDescription(
      "trust_budget_policy_loaded_timestamp_seconds",
      "When the policy in force was read, in seconds since 1970."),
    MetricDescription(
      "trust_budget_policy_file_rejected",
      "1 while the policy file, as it is now, cannot be taken over, else 0."),
    MetricDescription(
      "trust_budget_policy_reloads_total", "Policy files read since the start, by result."),
  ]

  private static let mirror = [
    MetricDescription(
      "trust_budget_mirror_lag_seconds",
      "Time since the SQLite mirror was last known to hold the whole trail; an idle mirror looks once a second."
    ),
    MetricDescription(
      "trust_budget_mirror_up", "1 while the mirror follows the trail, 0 while it cannot."),
    MetricDescription(
      "trust_budget_mirror_entries_total", "Entries copied into the SQLite mirror."),
    MetricDescription(
      "trust_budget_mirror_break_glass_events_total",
      "Break-glass events copied into the SQLite mirror."),
  ]

  private static let breakGlass = [
    MetricDescription(
      "trust_budget_break_glass_events_total", "Break-glass requests that were granted."),
    MetricDescription(
      "trust_budget_break_glass_last_event_timestamp_seconds",
      "When this node last granted one, also before it was started; 0: never, as far as its journal tells."
    ),
    MetricDescription(
      "trust_budget_break_glass_unforwarded",
      "Break-glass events in this node's journal that are not in PostgreSQL yet."),
    MetricDescription(
      "trust_budget_break_glass_journal_up",
      "1 while nothing is known to be wrong with this node's journal of emergencies, else 0."),
  ]
}
