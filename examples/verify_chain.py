"""Verifies a Trust Budget audit trail, as docs/audit-format.md describes it.

A node's audit file, a copy of it, or an export:

    python3 verify_chain.py trust_budget.db

PostgreSQL:

    psql -Xf trail.sql "$DATABASE_URL" | python3 verify_chain.py /dev/stdin

Prints the first thing that is wrong and exits with 1, or how much was verified. Of an export that was
restricted, the rows are verified that are their chain's first, or follow on one that is there too. How
a file's tables and views are defined is not looked at: trust-budget audit verify does that, too.
"""
import hashlib
import json
import os
import re
import sqlite3
import sys
from urllib.parse import quote

# What names a chain: the rows' tag, their place, and what their hash covers.
CHAINS = {
    "budget_id": ("trust-budget-entry-v1", "budget_seq", """epoch budget_id budget_seq kind username
        cost balance_before balance_after request_id part rule policy_digest actor node detail
        occurred_at""".split()),
    "journal_id": ("trust-budget-break-glass-v1", "node_seq", """journal_id node_seq node username
        reason ticket approvers principals max_duration max_duration_seconds
        requested_duration_seconds request_id request policy_digest actor occurred_at""".split())}
MOMENT = re.compile(r"(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", re.ASCII)
# What is not a text in the file, where it is there.
TYPES = dict.fromkeys("policy_digest hash last_hash content".split(), bytes) | dict.fromkeys(
    """only_row n epoch transaction_id entry_id event_id budget_seq node_seq last_seq first_row rows horizon
    part cost balance_before balance_after max_duration_seconds requested_duration_seconds""".split(), int)


def field(value):
    if isinstance(value, list):
        return b"".join(map(field, [len(value), *value]))
    text = str(value).encode()
    return b"\xff\xff\xff\xff" if value is None else len(text).to_bytes(4, "big") + text


def verify(ledger, rows, headed, awaited=0):
    """Takes each chain's rows in their order, and one kind's heads, all as JSON has them.

    headed is None for a part of the trail, which has no heads, and gaps. awaited is how many rows are
    not among them, as they wait for the one before.
    """
    ends, heads, count, unverifiable = {}, {}, 0, awaited
    for row in rows:
        name = "journal_id" if "journal_id" in row else "budget_id"
        chain = (name, row[name])
        if "last_seq" in row:
            heads[chain] = (row["last_seq"], row["last_hash"])
            continue
        tag, place, columns = CHAINS[name]
        if not MOMENT.fullmatch(row["occurred_at"] or ""):
            sys.exit(f"{row[name]} {place} {row[place]}: occurred_at is no moment of the years 1 to 9999")
        last, previous = ends.get(chain, (0, "00" * 32))
        covered = [tag, *[ledger] * (name == "budget_id"), *(row[column] for column in columns)]
        digest = hashlib.sha256(b"".join(map(field, covered)) + bytes.fromhex(previous)).hexdigest()
        if headed is None and row[place] > last + 1:
            unverifiable += 1
        elif (row[place], row["hash"]) != (last + 1, digest):
            sys.exit(f"{row[name]} {place} {row[place]}: it does not follow {last}")
        ends[chain] = (row[place], row["hash"])
        count += 1
    for chain in ends.keys() | heads.keys():
        if chain[0] == headed and ends.get(chain) != heads.get(chain):
            sys.exit(f"{chain[1]}: its rows do not end where its head is")
    part = f", {unverifiable} of them cannot be verified" if headed is None or awaited else ""
    print(f"{len(ends)} chains, {count + awaited} rows: ok{part}")


def as_object(cursor, row):
    values = {column[0]: value for column, value in zip(cursor.description, row)}
    for name, value in values.items():
        if value is not None and type(value) is not TYPES.get(name, str):
            raise ValueError(f"{name} is of another type: {value!r}")
    return {name: value.hex() if isinstance(value, bytes)
            else json.loads(value) if name in ("approvers", "principals") else value
            for name, value in values.items()}


def from_file(file, is_whole):
    for place, table, number, awaited in (
            ("budget_id, budget_seq", "audit_entries", "entry_id", "awaited"),
            ("journal_id, node_seq", "break_glass_events", "event_id", "break_glass_awaited")):
        last = (0, 0, 0)
        for row in file.execute(f"SELECT epoch, transaction_id, {number} FROM {table} ORDER BY rowid"):
            if (position := tuple(row.values())) <= last:
                sys.exit(f"{table}: a row is not where it belongs in the trail's order")
            last = position
        if file.execute(f"""SELECT * FROM {awaited} WHERE ((epoch, horizon) > (?, ?)
                AND ({place}) IN (SELECT {place} FROM {table})) IS NOT TRUE""", last[:2]).fetchone():
            sys.exit(f"{awaited}: what waits is not there, or waits in vain")
        # What is awaited has no predecessor in the file yet.
        yield from file.execute(f"""SELECT * FROM {table}
            WHERE (({place}) IN (SELECT {place} FROM {awaited})) IS NOT TRUE ORDER BY {place}""")
    yield from file.execute("SELECT * FROM break_glass_journals")
    if not is_whole:
        return
    received = 0
    for receipt in file.execute("SELECT * FROM receipts"):
        entries = file.execute("""SELECT budget_id, budget_seq, hash FROM audit_entries
            WHERE rowid >= :first_row AND rowid < :first_row + :rows ORDER BY rowid""", receipt)
        came = [(field(entry["budget_id"]) + entry["budget_seq"].to_bytes(8, "big")).hex()
                + entry["hash"] for entry in entries]
        received += len(came)
        if "".join(came) != receipt["content"]:
            sys.exit(f"row {receipt['first_row']} and after: not the entries that came")
    if received != file.execute("SELECT count(*) AS n FROM audit_entries").fetchone()["n"]:
        sys.exit("there are entries without a receipt")


if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    with open(sys.argv[1], "rb") as source:
        if source.peek(16).startswith(b"SQLite format 3"):
            path = os.path.realpath(os.fsencode(sys.argv[1]))
            # Where there is no log, nobody writes to it, and SQLite would make one.
            logs = [path + b"-wal", path + b"-journal"]
            mode = "mode=ro" if any(map(os.path.exists, logs)) else "immutable=1"
            audit_file = sqlite3.connect(f"file://{quote(path)}?{mode}", uri=True)
            audit_file.row_factory = as_object
            audit_file.execute("BEGIN")  # One moment of a file that grows.
            meta, *others = audit_file.execute("SELECT only_row, ledger_id, filter FROM meta")
            if others or meta["only_row"] != 1 or meta["filter"] == "":
                sys.exit("meta: it must be one row, and its filter NULL or of an export")
            if audit_file.execute("PRAGMA encoding").fetchone()["encoding"] != "UTF-8":
                sys.exit("the file's texts must be UTF-8")
            whole = meta["filter"] is None
            waiting = audit_file.execute("""SELECT (SELECT count(*) FROM awaited)
                + (SELECT count(*) FROM break_glass_awaited) AS n""").fetchone()["n"]
            verify(meta["ledger_id"], from_file(audit_file, whole),
                   "journal_id" if whole else None, waiting)
        else:
            ledger_id = json.loads(source.readline())["ledger_id"]
            verify(ledger_id, map(json.loads, source), headed="budget_id")
except (OSError, sqlite3.Error, ValueError, LookupError, TypeError) as error:
    sys.exit(f"no audit file of this format and no trail, or damaged: {error!r}")
