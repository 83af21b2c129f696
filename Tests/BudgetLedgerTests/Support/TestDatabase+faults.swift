import BudgetLedger
import TrustBudgetTesting

extension TestDatabase {
  /// Has the database raise an error for some of the entries that are written.
  ///
  /// - Parameters:
  ///   - name: of the trigger.
  ///   - when: which entries, in terms of `NEW`.
  ///   - condition: the error's name in PL/pgSQL: `check_violation`.
  ///   - times: how often; nil for ever.
  func reject(
    _ name: String, _ when: String, with condition: String, times: Int? = nil
  ) async throws {
    try await execute(
      """
      CREATE SEQUENCE \(name)_count;
      CREATE FUNCTION \(name)_reject() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
          -- A sequence is not rolled back: it counts the failures too.
          IF nextval('public.\(name)_count') <= \(times.map(String.init) ?? "9223372036854775807") THEN
              RAISE EXCEPTION 'not to the test''s liking' USING ERRCODE = '\(condition)';
          END IF;
          RETURN NEW;
      END $$;
      CREATE TRIGGER \(name)_reject BEFORE INSERT ON trust_budget.audit_entries
          FOR EACH ROW WHEN (\(when)) EXECUTE FUNCTION \(name)_reject();
      """)
  }

  /// Makes budgets that have their allocation and a charge of nothing, on a node that then leaves.
  func makeBudgets(_ names: String...) async throws {
    try await withNodes(1) { nodes in
      for name in names { _ = try await nodes[0].perform(.charging(name, cost: 0)) }
    }
  }
}
