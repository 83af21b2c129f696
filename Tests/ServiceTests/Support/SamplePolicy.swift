/// A policy with a rule of every kind; the username says which one applies.
enum SamplePolicy {
  static let text = """
    policies:
      - name: Free
        match:
          local_usernames: ["free-*"]
        principals: ["guest"]
        max_duration: "15m"
      - name: Team
        match:
          oidc_groups: ["sre", "dev"]
        principals: ["root", "deploy"]
        max_duration: "1h"
        trust_budget:
          - initial_balance: 3
            reset_interval_hours: 24
          - budget_id: "group:${group}:${username}"
            cost: 2
            initial_balance: 4
      - name: Watched
        match:
          local_usernames: ["watched-*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          initial_balance: 1
          enforcement: observe
      - name: Mail
        match:
          local_usernames: ["mail-*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          budget_id: "mail:${email}"
      - name: Once
        match:
          local_usernames: ["once-*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          cost: 2
          initial_balance: 5
      - name: Developer
        match:
          local_usernames: ["dev-*"]
        principals: ["user", "git"]
        max_duration: "15m"
        trust_budget:
          initial_balance: 3
          reset_interval_hours: 24
      - name: Wealthy
        match:
          local_usernames: ["rich-*"]
        principals: ["user"]
        max_duration: "15m"
        trust_budget:
          initial_balance: 1000000
    """
}
