"""Verifies a Trust Budget audit trail outside PostgreSQL, as docs/audit-format.md describes it.

    python3 verify_chain.py --query >query.sql
    ledger=$(psql -XAtc 'SELECT id FROM trust_budget.ledger' "$DATABASE_URL")
    PGCLIENTENCODING=UTF8 psql -XAt -f query.sql "$DATABASE_URL" | python3 verify_chain.py "$ledger"

Prints the first thing that is wrong and exits with 1, or how much was verified.
"""
import hashlib
import json
import sys

# A JSON object a line: each budget's entries in order, then its row, which holds the chain's head.
QUERY = """SELECT line FROM (
    SELECT budget_id, budget_seq, json_build_object(
        'epoch', epoch, 'budget_id', budget_id, 'budget_seq', budget_seq, 'kind', kind,
        'username', username, 'cost', cost, 'balance_before', balance_before,
        'balance_after', balance_after, 'request_id', request_id, 'part', part, 'rule', rule,
        'policy_digest', encode(policy_digest, 'hex'), 'actor', actor, 'node', node,
        'detail', detail::text, 'hash', encode(hash, 'hex'),
        'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')) AS line
    FROM trust_budget.audit_entries
    UNION ALL
    SELECT budget_id, NULL, json_build_object(
        'budget_id', budget_id, 'last_seq', last_seq, 'last_hash', encode(last_hash, 'hex'))
    FROM trust_budget.budgets) AS trail ORDER BY budget_id, budget_seq NULLS LAST;"""
COLUMNS = """epoch budget_id budget_seq kind username cost balance_before balance_after request_id
    part rule policy_digest actor node detail occurred_at""".split()


def field(value):
    text = str(value).encode()
    return b"\xff\xff\xff\xff" if value is None else len(text).to_bytes(4, "big") + text


def verify(ledger, lines):
    heads, rows, entries = {}, set(), 0
    for line in map(json.loads, lines):
        budget = line["budget_id"]
        seq, previous = heads.get(budget, (0, bytes(32)))
        if "last_seq" in line:
            rows.add(budget)
            if (line["last_seq"], line["last_hash"]) != (seq, previous.hex()):
                sys.exit(f"{budget}: the trail ends at {seq}, the row at {line['last_seq']}")
            continue
        fields = ["trust-budget-entry-v1", ledger] + [line[column] for column in COLUMNS]
        digest = hashlib.sha256(b"".join(map(field, fields)) + previous).digest()
        if line["budget_seq"] != seq + 1 or line["hash"] != digest.hex():
            sys.exit(f"{budget} entry {line['budget_seq']}: does not follow entry {seq}")
        heads[budget], entries = (seq + 1, digest), entries + 1
    for budget in heads.keys() - rows:
        sys.exit(f"{budget}: has entries, but no row")
    print(f"{len(rows)} budgets, {entries} entries: ok")


if len(sys.argv) != 2:
    sys.exit(__doc__)
print(QUERY) if sys.argv[1] == "--query" else verify(sys.argv[1], sys.stdin.buffer)
