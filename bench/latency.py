"""`./dev bench latency`: from publishing to arrival at the mail server, one e-mail after the other, on an idle worker."""

import json
import statistics
import time

from contenders import Ours, find_peer
from dev_stack.nats_client import NatsClient
from dev_stack.process import wait_until
from dev_stack.worker import is_ready
from mail_load import email, in_stream, must_be_whole, report_of, start_tool
from rows import Row
from world import World, nats_can_always_sync

GROUP = "an idle worker: publish to arrival"
FULL = {"events": 500, "latency_rounds": 3}
QUICK = {"events": 100, "latency_rounds": 1}
WARM_UP = 50  # E-mails that are not counted: connections, statements, and a compiler that learns.
PAUSES = (0.018, 0.031, 0.047)  # Seconds, in turns: idle again in between, and no timer keeps step.


def times_of_one(world, folder, who, sizes):
    """Milliseconds of each e-mail. Both moments are CLOCK_MONOTONIC's, which all processes share."""
    folder.mkdir(mode=0o755)
    sink, port = start_tool("bench-sink", folder, "--times", str(folder / "times"))
    environment = world.environment(port, sizes["settings"])
    world.prepare(who, environment)
    worker = who.start(environment, folder / "worker.log")
    wait_until(lambda: is_ready(worker), 30, worker.log_text)
    published = {}
    count = WARM_UP + sizes["events"]
    with NatsClient(world.stack.nats.port) as client:
        for number in range(count):
            time.sleep(PAUSES[number % len(PAUSES)])
            event = json.dumps(email(number, sizes["bytes"])).encode()  # Before the clock runs.
            published[number] = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            client.publish(who.subject, event, {"Nats-Msg-Id": f"{folder.name}-{number}"})
        wait_until(lambda: in_stream(client, who.stream) == 0, 30, worker.log_text)
    worker.stop()
    must_be_whole(report_of(sink), count)
    lines = (line.split() for line in (folder / "times").read_text().splitlines())
    return [(int(ns) - published[int(number)]) / 1e6 for ns, number in lines if int(number) >= WARM_UP]


def quantiles(times):
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def rows_of(folder, name, always_sync, peer, why_no_peer, sizes, tell):
    contenders = [Ours()] + ([peer] if peer else [])
    times = {who.name: [] for who in contenders}
    with World(folder, always_sync=always_sync) as world:
        for number in range(sizes["latency_rounds"]):
            for who in contenders:
                tell(f"idle latency{name}: {who.name}, round {number + 1}")
                times[who.name] += times_of_one(world, folder / f"{who.name}-{number}", who, sizes)
    ours = quantiles(times[Ours.name])
    theirs = quantiles(times[peer.name]) if peer else (None, None)
    for label, own, other in zip(("p50", "p99"), ours, theirs):
        ratio = other and own / other
        asked = label == "p50" and not name
        yield Row(GROUP, label + name, own, "ms", "Node.js worker" if peer else f"Node.js worker, {why_no_peer}", other, ratio,
                  "0.3 of it" if asked else "", ratio <= 0.3 if asked and ratio else None,
                  "the commit of the claim, which comes before the content" if label == "p50" else "the slowest commits, and the scheduler")


def measure(folder, sizes, tell):
    peer, why_no_peer = find_peer()
    rows = list(rows_of(folder / "default", "", False, peer, why_no_peer, sizes, tell))
    if nats_can_always_sync():
        rows += rows_of(folder / "always", ", sync_interval: always", True, peer, why_no_peer, sizes, tell)
    return rows
