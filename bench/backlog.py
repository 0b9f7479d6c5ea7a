"""`./dev bench email`: a backlog of e-mails of about 1 KiB, against smtp-source on the same sink and against a Node.js worker."""

import dataclasses
import os

from contenders import Ours, find_peer
from mail_load import must_be_whole, report_of, start_sink, start_tool
from rows import Row
from world import World, median_ratio, middle, nats_can_always_sync, run_smtp_source

GROUP = "a backlog of e-mails"
FULL = {"count": 100_000, "peer_count": 30_000, "rounds": 3}
QUICK = {"count": 10_000, "peer_count": 2_000, "rounds": 1}
MEMORY_COUNT = 100_000  # What the target of the peak memory is about.


@dataclasses.dataclass
class Variant:
    """One kind of backlog; `chunking`: bench-sink, which has it, and not Postfix's smtp-sink."""

    name: str
    settings: dict
    chunking: bool = False
    told: bool = False
    always_sync: bool = False
    with_peer: bool = False

    def start_sink(self, folder):
        return start_tool("bench-sink", folder) if self.chunking else start_sink(folder)


def variants(settings):
    yield Variant("smtp-sink", settings, with_peer=True)
    yield Variant("bench-sink, CHUNKING", settings, chunking=True)
    yield Variant("smtp-sink, EMAIL_EVENTS=all", {**settings, "EMAIL_EVENTS": "all"}, told=True)
    if nats_can_always_sync():
        yield Variant("smtp-sink, NATS with sync_interval: always", settings, always_sync=True, with_peer=True)


def run_source(variant, folder, sink, port, sizes):
    """To the same sink; where ours must find messages of its own kind, to another of the same."""
    if not variant.chunking:
        return run_smtp_source(sink, port, sizes["count"], sizes["bytes"])
    other, port = start_tool("bench-sink", folder, "--no-trailers")
    run = run_smtp_source(other, port, sizes["count"], sizes["bytes"])
    report = report_of(other)
    if (report["messages"], report["bad"]) != (sizes["count"], 0):
        raise RuntimeError(f"bench-sink got {report} of smtp-source")
    return run


def run_variant(variant, folder, sizes, peer, tell):
    """Rounds of ours, smtp-source, and the peer, in turns: {name: [Run]}."""
    runs = {"ours": [], "source": [], "peer": []}
    for number in range(sizes["rounds"]):
        round_folder = folder / f"{number}"
        with World(round_folder, always_sync=variant.always_sync) as world:
            sink, port = variant.start_sink(round_folder)
            try:
                tell(f"{variant.name}: notification-worker, round {number + 1}")
                runs["ours"].append(world.drain(Ours(), sink, port, sizes["count"], sizes["bytes"], variant.settings, told=variant.told))
                tell(f"{variant.name}: smtp-source, round {number + 1}")
                runs["source"].append(run_source(variant, round_folder, sink, port, sizes))
                if peer is not None and variant.with_peer:
                    tell(f"{variant.name}: {peer.name}, round {number + 1}")
                    runs["peer"].append(world.drain(peer, sink, port, sizes["peer_count"], sizes["bytes"], variant.settings))
                if variant.chunking:
                    must_be_whole(report_of(sink), sizes["count"])
            finally:
                sink.stop()
    return runs


def rows_of(variant, runs, sizes, why_no_peer):
    ours, source = middle(runs["ours"]), middle(runs["source"])
    plain = variant.name == "smtp-sink"
    ratio = median_ratio(runs["ours"], runs["source"])
    limit = ours.limit()
    if plain:
        limit += f"; {sum(ours.cpu.values()):.0f} in all, of {1e6 * os.cpu_count() / (2.3 * source.rate):.0f} that 2.3 times would leave"
    what = f"{sizes['count']:,} wait; {variant.name}"
    yield Row(GROUP, what, ours.rate, "/s", "smtp-source -d -s 16, same sink", source.rate, ratio,
              "2.3 times" if plain else "", ratio >= 2.3 if plain else None, limit)
    if not variant.with_peer:
        return
    if not runs["peer"]:
        yield Row(GROUP, what, ours.rate, "/s", f"Node.js worker, {why_no_peer}", target="12 times" if plain else "")
        return
    peer = middle(runs["peer"])
    ratio = median_ratio(runs["ours"], runs["peer"])
    yield Row(GROUP, what, ours.rate, "/s", "Node.js worker", peer.rate, ratio, "12 times" if plain else "",
              ratio >= 12 if plain else None, f"Node.js's: {peer.limit()}")


def cost_rows(runs, sizes):
    ours = middle(runs["ours"])
    peer = middle(runs["peer"]) if runs["peer"] else None
    cpu, memory = (None, None) if peer is None else (peer.own_cpu, peer.peak_mib)
    beside = "" if peer is None else "Node.js worker"
    yield Row(GROUP, "own CPU an e-mail", ours.own_cpu, "us", beside, cpu, cpu and ours.own_cpu / cpu, "at most 32 us", ours.own_cpu <= 32)
    most = max(run.peak_mib for run in runs["ours"])
    told = most <= 32 if sizes["count"] >= MEMORY_COUNT else None
    yield Row(GROUP, f"peak memory, {sizes['count']:,} wait", most, "MiB", beside, memory, memory and most / memory, "at most 32 MiB", told)


def measure(folder, sizes, tell):
    peer, why_no_peer = find_peer()
    rows = []
    for number, variant in enumerate(variants(sizes["settings"])):
        place = folder / f"variant-{number}"
        place.mkdir(mode=0o755)
        runs = run_variant(variant, place, sizes, peer, tell)
        rows += rows_of(variant, runs, sizes, why_no_peer)
        if number == 0:
            rows += cost_rows(runs, sizes)
    return rows
