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
import itertools
import json
import os
import re
import sqlite3
import sys

# A JSON object a line: each budget's entries in order, then its row, which holds the chain's head; and
# each journal's break-glass events in order.
QUERY = """SELECT line FROM (
    SELECT budget_id AS chain, budget_seq AS seq, json_build_object(
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
    FROM trust_budget.budgets
    UNION ALL
    SELECT journal_id::text, node_seq, json_build_object(
        'journal_id', journal_id, 'node_seq', node_seq, 'node', node, 'username', username,
        'reason', reason, 'ticket', ticket, 'approvers', approvers, 'principals', principals,
        'max_duration', max_duration, 'max_duration_seconds', max_duration_seconds,
        'requested_duration_seconds', requested_duration_seconds, 'request_id', request_id,
        'request', request, 'policy_digest', encode(policy_digest, 'hex'), 'actor', actor,
        'hash', encode(hash, 'hex'),
        'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'))
    FROM trust_budget.break_glass_events) AS trail ORDER BY chain, seq NULLS LAST;"""
# What names a chain: the rows' tag, their place and what they are called, and what their hash covers.
CHAINS = {
    "budget_id": ("trust-budget-entry-v1", "budget_seq", "entry", """epoch budget_id budget_seq kind
        username cost balance_before balance_after request_id part rule policy_digest actor node
        detail occurred_at""".split()),
    "journal_id": ("trust-budget-break-glass-v1", "node_seq", "event", """journal_id node_seq node
        username reason ticket approvers principals max_duration max_duration_seconds
        requested_duration_seconds request_id request policy_digest actor occurred_at""".split())}


def from_file(file):
    """The same objects, from SQLite: all rows of a trail, then all its heads."""
    if file.execute("PRAGMA user_version").fetchone()[0] < 3:
        sys.exit("the file is of an earlier format: a node that opens it brings it up to date")
    file.row_factory = sqlite3.Row
    for table, place, awaited, heads in (
            ("audit_entries", "budget_id, budget_seq", "awaited", from_receipts(file)),
            ("break_glass_events", "journal_id, node_seq", "break_glass_awaited",
             file.execute("SELECT * FROM break_glass_journals"))):
        # What is awaited has no predecessor in the file yet.
        rows = file.execute(f"""SELECT * FROM {table} WHERE ({place}) NOT IN
            (SELECT {place} FROM {awaited}) ORDER BY {place}""")
        for row in itertools.chain(rows, heads):
            line = {k: row[k].hex() if isinstance(row[k], bytes) else row[k] for k in row.keys()}
            lists = {k: json.loads(line[k]) for k in ("approvers", "principals") if k in line}
            yield {**line, **lists}


def from_receipts(file):
    """Each budget's head: the newest of its entries that came, but for those that are awaited."""
    awaited = {tuple(row) for row in file.execute("SELECT budget_id, budget_seq FROM awaited")}
    heads = {}
    for row in file.execute("SELECT content FROM receipts"):
        rest = memoryview(row["content"])
        while rest:
            end = 4 + int.from_bytes(rest[:4], "big")
            name, seq = str(rest[4:end], "utf-8"), int.from_bytes(rest[end:end + 8], "big")
            if seq > heads.get(name, {"last_seq": 0})["last_seq"] and (name, seq) not in awaited:
                last = bytes(rest[end + 8:end + 40])
                heads[name] = {"budget_id": name, "last_seq": seq, "last_hash": last}
            rest = rest[end + 40:]
    return heads.values()


def field(value):
    if isinstance(value, list):
        return b"".join(map(field, [len(value), *value]))
    text = str(value).encode()
    return b"\xff\xff\xff\xff" if value is None else len(text).to_bytes(4, "big") + text


def verify(ledger, lines, with_heads):
    ends, heads, counts = {}, set(), {"entry": 0, "event": 0}
    for line in lines:
        name = "journal_id" if "journal_id" in line else "budget_id"
        tag, place, word, columns = CHAINS[name]
        chain = (name, line[name])
        seq, previous = ends.get(chain, (0, bytes(32)))
        if "last_seq" in line:
            heads.add(chain)
            if (line["last_seq"], line["last_hash"]) != (seq, previous.hex()):
                sys.exit(f"{line[name]}: the trail ends at {seq}, the head is {line['last_seq']}")
            continue
        fields = [tag] + [ledger] * (word == "entry") + [line[column] for column in columns]
        digest = hashlib.sha256(b"".join(map(field, fields)) + previous).digest()
        if line[place] != seq + 1 or line["hash"] != digest.hex():
            sys.exit(f"{line[name]} {word} {line[place]}: does not follow {word} {seq}")
        ends[chain] = (seq + 1, digest)
        counts[word] += 1
    for name, chain in ends.keys() - heads:
        if name in with_heads:
            sys.exit(f"{chain}: has {CHAINS[name][2]} rows, but no head")
    number = {name: sum(chain[0] == name for chain in ends.keys() | heads) for name in CHAINS}
    if number["journal_id"]:
        print(f"{number['journal_id']} journals, {counts['event']} break-glass events: ok")
    print(f"{number['budget_id']} budgets, {counts['entry']} entries: ok")


def main(argument):
    if argument in ("-h", "--help"):
        print(__doc__)
    elif argument == "--query":
        print(QUERY)
    elif os.path.exists(argument):
        try:
            audit_file = sqlite3.connect(argument)
            ((identity,),) = audit_file.execute("SELECT ledger_id FROM meta")
            verify(identity, from_file(audit_file), CHAINS.keys())
        except (sqlite3.DatabaseError, ValueError) as error:
            sys.exit(f"{argument}: not a node's audit file, or damaged: {error}")
    elif re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", argument):
        first = sys.stdin.buffer.readline()
        if not first:
            # An empty trail looks like a psql that failed.
            sys.exit("standard input has no entries: was PostgreSQL asked?")
        try:
            lines = map(json.loads, itertools.chain([first], sys.stdin.buffer))
            # PostgreSQL has no heads of journals: a node knows its own.
            verify(argument, lines, {"budget_id"})
        except (KeyError, ValueError) as error:
            sys.exit(f"standard input is not what the query gives: {error!r}")
    else:
        sys.exit(f"{argument}: no such file, and no ledger's id")


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
