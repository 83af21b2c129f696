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
    if let ticket { object.put("ticket", ticket) } else { object.putNull("ticket") }
    object.put("approvers", approvers)
    object.put("principals", principals)
    object.put("max_duration", maxDuration)
    object.put("max_duration_seconds", maxDurationSeconds)
    if let requestedDurationSeconds {
      object.put("requested_duration_seconds", requestedDurationSeconds)
    } else {
      object.putNull("requested_duration_seconds")
    }
    object.put("request_id", requestID)
    object.put("policy_digest", policyDigest.hexadecimal)
    if let actor { object.put("actor", actor) } else { object.putNull("actor") }
    object.put("hash", hash.hexadecimal)
    return object
  }
}
