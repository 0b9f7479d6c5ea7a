"""`./dev bench distance`: a mail server 20 ms away, and at most 10 connections to it."""

from contenders import Ours, find_peer
from mail_load import must_be_whole, report_of, start_sink, start_tool
from rows import Row
from world import World

GROUP = "a mail server 20 ms away (round trip), 10 connections"
FULL = {"pipelining_count": 5_000, "chunking_count": 65_000, "distant_peer_count": 2_500}
QUICK = {"pipelining_count": 1_000, "chunking_count": 8_000, "distant_peer_count": 500}
ONE_WAY = "10ms"
CONNECTIONS = {"SMTP_CONNECTIONS": "10"}
WINDOW = {"SMTP_WINDOW": "16"}


class Distance:
    """A proxy in front of a sink. Its processor time is no part of a delivery; it is in the row's limit all the same."""

    def __init__(self, folder, sink, port):
        self.sink = sink
        self.proxy, self.port = start_tool("bench-delay", folder, f"127.0.0.1:{port}", ONE_WAY)

    def stop(self):
        self.proxy.stop()
        self.sink.stop()


def drain(folder, who, count, sizes, chunking, settings):
    with World(folder) as world:
        sink, port = start_tool("bench-sink", folder) if chunking else start_sink(folder)
        distance = Distance(folder, sink, port)
        try:
            run = world.drain(who, sink, distance.port, count, sizes["bytes"], {**settings, **sizes["settings"]})
            if chunking:
                must_be_whole(report_of(sink), count)
            return run
        finally:
            distance.stop()


def measure(folder, sizes, tell):
    peer, why_no_peer = find_peer()
    tell("20 ms away: PIPELINING")
    pipelining = drain(folder / "pipelining", Ours(), sizes["pipelining_count"], sizes, False, CONNECTIONS)
    tell("20 ms away: CHUNKING")
    chunking = drain(folder / "chunking", Ours(), sizes["chunking_count"], sizes, True, {**CONNECTIONS, **WINDOW})
    slow, ratios = None, (None, None)
    if peer is not None:
        tell(f"20 ms away: {peer.name}")
        slow = drain(folder / "peer", peer, sizes["distant_peer_count"], sizes, False, CONNECTIONS).rate
        ratios = (pipelining.rate / slow, chunking.rate / slow)
    beside = "Node.js worker, to the smtp-sink" if slow else f"Node.js worker, {why_no_peer}"
    return [
        Row(GROUP, "smtp-sink, PIPELINING", pipelining.rate, "/s", beside, slow, ratios[0], "470 /s", pipelining.rate >= 470,
            f"round trips: 10 connections, one e-mail in each 20 ms = 500 /s; {pipelining.limit()}"),
        Row(GROUP, "bench-sink, CHUNKING, SMTP_WINDOW=16", chunking.rate, "/s", beside, slow, ratios[1], "6,500 /s", chunking.rate >= 6500,
            f"round trips: 10 connections, 16 e-mails in each 20 ms = 8,000 /s; {chunking.limit()}"),
    ]
