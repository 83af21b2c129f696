extension BreakGlassEvent {
  /// Every column, as answers, notices and the command line show it.
  package var json: JSONObjectText {
    var object = JSONObjectText()
    object.put("journal_id", journalID)
    object.put("node_seq", sequence)
    object.put("node", node)
    object.put("occurred_at", occurredAt)
    object.put("username", username)
    object.put("reason", reason)
    object.put("ticket", ticket)
    object.put("approvers", approvers)
    object.put("principals", principals)
    object.put("max_duration", maxDuration)
    object.put("max_duration_seconds", maxDurationSeconds)
    object.put("requested_duration_seconds", requestedDurationSeconds)
    object.put("request_id", requestID)
    object.put("policy_digest", policyDigest.hexadecimal)
    object.put("actor", actor)
    object.put("hash", hash.hexadecimal)
    return object
  }
}
