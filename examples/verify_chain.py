"""Verifies a Trust Budget audit trail outside PostgreSQL, as docs/audit-format.md describes it.

A node's audit file, a copy of it, or an export of the whole trail:

    python3 verify_chain.py trust_budget.db

PostgreSQL:

    python3 verify_chain.py --query >query.sql
    ledger=$(psql -XAtc 'SELECT id FROM trust_budget.ledger' "$DATABASE_URL")
    PGCLIENTENCODING=UTF8 psql -XAt -f query.sql "$DATABASE_URL" | python3 verify_chain.py "$ledger"

Prints the first thing that is wrong and exits with 1, or how much was verified.
"""
import hashlib
import json
import os
import sqlite3
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


def from_file(path):
    """The same objects, from SQLite: all entries, then all heads."""
    file = sqlite3.connect(path)
    file.row_factory = sqlite3.Row
    # What is awaited has no predecessor in the file yet.
    entries = """SELECT * FROM audit_entries AS e WHERE NOT EXISTS (SELECT 1 FROM awaited AS a
        WHERE a.budget_id = e.budget_id AND a.budget_seq = e.budget_seq) ORDER BY budget_id, budget_seq"""
    for query in (entries, "SELECT budget_id, last_seq, last_hash FROM budget_states"):
        for row in file.execute(query):
            yield {k: row[k].hex() if isinstance(row[k], bytes) else row[k] for k in row.keys()}


def field(value):
    text = str(value).encode()
    return b"\xff\xff\xff\xff" if value is None else len(text).to_bytes(4, "big") + text


def verify(ledger, lines):
    heads, rows, entries = {}, set(), 0
    for line in lines:
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
if sys.argv[1] == "--query":
    print(QUERY)
elif os.path.exists(sys.argv[1]):
    ((identity,),) = sqlite3.connect(sys.argv[1]).execute("SELECT ledger_id FROM meta")
    verify(identity, from_file(sys.argv[1]))
else:
    verify(sys.argv[1], map(json.loads, sys.stdin.buffer))
