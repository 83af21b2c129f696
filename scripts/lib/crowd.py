"""What scripts/crowd measures with: callers who behave, timed, beside a crowd that does not."""

import multiprocessing
import os
import resource
import select
import socket
import sys
import time

PORT, NODE, CONNECTIONS, SECONDS, ROUNDS = (int(word) for word in sys.argv[1:6])
ADDRESS = ("127.0.0.1", PORT)
# Requests a second of those who behave, on a few connections.
RATE, CALLERS = 200, 4
# Callers may wait this much longer than usual.
FACTOR = 2.0


def connect():
    connection = socket.create_connection(ADDRESS, timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, number):
    body = b'{"username":"user-%d"}' % (number % 100)
    connection.sendall(
        b"POST /v1/authorizations HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        chunk = connection.recv(65536)
        if not chunk:
            raise SystemExit("crowd: FAILED: a caller who behaves was hung up on")
        answer += chunk
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"crowd: FAILED: {answer[:400]!r}")


def measure(seconds):
    """The times that callers waited, in ms."""
    callers = [connect() for _ in range(CALLERS)]
    times = []
    end = due = time.perf_counter()
    end += seconds
    number = 0
    while (now := time.perf_counter()) < end:
        if now < due:
            time.sleep(due - now)
        due = max(due + 1 / RATE, now)
        start = time.perf_counter()
        ask(callers[number % CALLERS], number)
        times.append((time.perf_counter() - start) * 1000)
        number += 1
    for caller in callers:
        caller.close()
    return times


def resident():
    """The node's memory, in MB."""
    with open(f"/proc/{NODE}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise SystemExit("crowd: FAILED: the node has ended")


# Each of these runs in a process of its own, says when it is ready, and goes on until it is ended.


def idle(ready):
    held = [connect() for _ in range(CONNECTIONS)]
    ready.set()
    while held:
        time.sleep(60)


def byte_a_second(ready):
    held = [connect() for _ in range(1000)]
    text = b"POST /v1/authorizations HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 1000
    sent = 0
    ready.set()
    while True:
        for number, connection in enumerate(held):
            try:
                connection.send(text[sent % len(text) :][:1])
            except OSError:
                # The node has answered 408 and hung up.
                held[number] = connect()
            if number % 50 == 0:
                time.sleep(1 / (len(held) / 50))
        sent += 1


def gigabytes(ready):
    chunk = b" " * (1 << 16)
    ready.set()
    while True:
        senders = [connect() for _ in range(8)]
        for sender in senders:
            sender.sendall(b"POST /v1/charges HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n")
            sender.setblocking(False)
        while senders:
            for sender in select.select([], senders, [])[1]:
                try:
                    sender.send(chunk)
                except BlockingIOError:
                    pass
                except OSError:
                    sender.close()
                    senders.remove(sender)


def header_bombs(ready):
    bomb = b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: " + b"a" * (1 << 20)
    ready.set()
    due = time.monotonic()
    while True:
        # As many as a line of a gigabit a second carries.
        due = max(due + 1 / 100, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        with connect() as connection:
            try:
                connection.sendall(bomb)
                connection.recv(4096)
            except OSError:
                pass


def quantiles(times):
    times = sorted(times)
    return times[len(times) // 2], times[len(times) * 99 // 100]


def misbehaving(crowd):
    """Measures without and with a crowd, by turns: what else the machine does hits both."""
    usual, beside, memory = [], [], 0.0
    for _ in range(ROUNDS):
        usual += measure(SECONDS)
        ready = multiprocessing.Event()
        process = multiprocessing.Process(target=crowd, args=(ready,), daemon=True)
        process.start()
        # It has a machine of its own in real life.
        os.setpriority(os.PRIO_PROCESS, process.pid, 15)
        if not ready.wait(60):
            raise SystemExit("crowd: FAILED: not all connections were taken within a minute")
        time.sleep(1)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            beside += measure(1)
            memory = max(memory, resident())
        process.kill()
        process.join()
        time.sleep(1)
    return quantiles(usual), quantiles(beside), memory


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < CONNECTIONS + 200:
        raise SystemExit(f"crowd: FAILED: only {hard} files may be open: ulimit -n")
    measure(2)
    before = resident()
    print(f"{RATE} charges a second by {CALLERS} callers; the node takes {before:.0f} MB")
    print(f"{'beside':<32}{'median ms':>18}{'p99 ms':>18}{'memory MB':>12}")
    slow = []
    for name, crowd in (
        (f"{CONNECTIONS} idle connections", idle),
        ("1000 clients of 1 byte a second", byte_a_second),
        ("8 bodies of 1 GB, again and again", gigabytes),
        ("100 header bombs of 1 MB a second", header_bombs),
    ):
        usual, beside, memory = misbehaving(crowd)
        medians, tails = (f"{a:.2f} -> {b:.2f}" for a, b in zip(usual, beside))
        print(f"{name:<34}{medians:>16}{tails:>18}{memory:>12.0f}", flush=True)
        if any(b > FACTOR * a for a, b in zip(usual, beside)):
            slow.append(name)
        # A connection's share, its request's header and answer included, and what the allocator keeps.
        if memory > before + 100 + CONNECTIONS * 0.02:
            raise SystemExit(f"crowd: FAILED: {memory:.0f} MB beside {name}")
    if slow:
        raise SystemExit(f"crowd: FAILED: callers waited more than {FACTOR:g} times as long beside "
                         + ", ".join(slow))
    print("Callers waited no more than twice as long.")


main()
