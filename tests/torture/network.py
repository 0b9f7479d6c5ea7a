"""A network between workers and servers that breaks, stalls, trickles and spoils.

Between a worker and PostgreSQL, Redis or NATS that is an outage: nothing is done twice, no attempt is counted. A connection
to the mail server that breaks within a content leaves it open whether that arrived, as it does everywhere.

Bytes that a network changes are found by TLS, and by nothing else: a plain connection's e-mail can then arrive with
another text or at another address, whoever sends it. So over TLS every promise is kept while bits flip; over plain connections
what is shown is that no worker ends, hangs or is of no use once the network is right again.
"""

import contextlib
import time

from certificates import Tls
from proxy import Proxy
from reckoning import Load, wait_arrived, with_windows
from scenario import WINDOWS, Scenario
from under_load import UnderLoad

NOT_MAIL = ("postgres", "nats", "redis")
ALL = (*NOT_MAIL, "mail")


@contextlib.contextmanager
def proxies(ports):
    """{server: its proxy}"""
    with contextlib.ExitStack() as opened:
        yield {name: opened.enter_context(Proxy(port, name)) for name, port in ports.items()}


def plain_ports(world):
    return {name: getattr(world.stack, name).port for name in ALL}


def plain_settings(between):
    return {
        "DATABASE_URL": f"postgres://chatear@127.0.0.1:{between['postgres'].port}/chatear",
        "NATS_URL": f"nats://127.0.0.1:{between['nats'].port}", "REDIS_URL": f"redis://127.0.0.1:{between['redis'].port}/0",
        "SMTP_PORT": str(between["mail"].port),
    }


def some(under, between, servers):
    return [between[name] for name in under.chance.sample(servers, under.chance.randint(1, len(servers)))]


def cut(world, scale, name, servers):
    with proxies(plain_ports(world)) as between:
        under = UnderLoad(world, name, scale, **plain_settings(between))

        def one():
            cut_now = some(under, between, servers)
            for proxy in cut_now:
                proxy.refusing = under.chance.random() < 0.3
                proxy.cut()
            time.sleep(under.chance.uniform(0, scale.longest_refusal))
            for proxy in cut_now:
                proxy.calm()

        under.harm(one, (0.02, scale.longest_pause))
        return under.end(pure="mail" not in servers, flaps=True)


def network_cuts(world, scale):
    """Connections to PostgreSQL, NATS and Redis are reset at any moment, and refused for a while."""
    return cut(world, scale, "network-cuts", NOT_MAIL)


def network_cuts_mail(world, scale):
    """The same, with the mail server's among them."""
    return cut(world, scale, "network-cuts-mail", ALL)


def network_cuts_windows(world, scale):
    """The same with a mail server that knows CHUNKING: what a cut leaves in doubt is a window of each connection."""
    return with_windows(world, cut(world, scale, "network-cuts-windows", ALL))


def network_stalls(world, scale):
    """Connections that stay open while nothing passes, for longer than anybody's patience but that with a mail server."""
    with proxies(plain_ports(world)) as between:
        under = UnderLoad(world, "network-stalls", scale, **plain_settings(between))

        def one():
            stalled = some(under, between, ALL)
            for proxy in stalled:
                proxy.stalled = True
            time.sleep(under.chance.uniform(0.1, scale.longest_stall))
            for proxy in stalled:
                proxy.calm()

        under.harm(one, (0.1, scale.longest_pause))
        return under.end(pure=True, flaps=True)


def network_trickles(world, scale):
    """A few bytes each millisecond, down to one: whatever is parsed comes in pieces."""
    with proxies(plain_ports(world)) as between:
        under = UnderLoad(world, "network-trickles", scale, **plain_settings(between))

        def one():
            for proxy in between.values():
                proxy.at_once = under.chance.choice((1, 2, 7, 64, 0))
            time.sleep(under.chance.uniform(0.5, scale.longest))

        under.harm(one)
        for proxy in between.values():
            proxy.calm()
        return under.end(pure=True, flaps=True)


def spoil(under, between, scale):
    """Bits flip on some connections; then for a while on none."""
    spoilt = some(under, between, ALL)[: scale.most]
    for proxy in spoilt:
        proxy.spoilt = under.chance.choice((0.01, 0.1, 0.5))
    time.sleep(under.chance.uniform(0.2, scale.longest))
    for proxy in spoilt:
        proxy.calm()


def network_spoils(world, scale):
    """Bits flip on connections with TLS: it ends them, and all promises are kept."""
    tls = Tls(world)
    ports = {**plain_ports(world), "redis": tls.redis_port}
    with proxies(ports) as between:
        under = UnderLoad(world, "network-spoils", scale, **tls.settings(lambda name, _: between[name].port))
        under.harm(lambda: spoil(under, between, scale), (0.1, scale.longest_pause))
        between["mail"].cut()  # A record or reply whose end was spoilt would be awaited for minutes (RFC 5321, 4.5.3.2).
        found = under.end(pure=False)
    found.notes.update(flipped=sum(proxy.flipped for proxy in between.values()))
    return found


def network_spoils_plain(world, scale):
    """Bits flip on plain connections: no worker ends or hangs, and what is published afterwards arrives."""
    with proxies(plain_ports(world)) as between:
        under = UnderLoad(world, "network-spoils-plain", scale, **plain_settings(between))
        under.harm(lambda: spoil(under, between, scale), (0.1, scale.longest_pause))
        under.load.join(scale.patience)
        for proxy in between.values():
            proxy.cut()  # As above.
        for worker in under.workers:
            worker.wait_ready(scale.patience)
        under.load = Load(world, "afterwards")
        under.load.publish(scale.afterwards)
        wait_arrived(world, under.load, scale.patience)
        under.check_alive()
        under.wanted = scale.afterwards
        found = under.reckon(pure=False)
        found.dead_letters = [letter for letter in found.dead_letters if under.load.prefix in "".join(letter[1:])]
        found.notes.update(flipped=sum(proxy.flipped for proxy in between.values()))
        return found


SHORT = {"workers": 2, "seed": 1, "ack_wait": 4, "mails": 150, "a_second": 40, "seconds": 4, "longest_pause": 0.4, "patience": 100}  # A row of the outbox that a lost call has taken is back after 60 s.
LONG = {"workers": 3, "seed": 1, "mails": 3000, "a_second": 30, "seconds": 100, "longest_pause": 3, "patience": 150}
SCENARIOS = [
    Scenario("network-cuts", network_cuts, short={**SHORT, "longest_refusal": 0.3}, long={**LONG, "longest_refusal": 3}),
    Scenario("network-cuts-mail", network_cuts_mail, short=None, long={**LONG, "longest_refusal": 3}),
    Scenario("network-cuts-windows", network_cuts_windows, mail=WINDOWS, short=None,
             long={**LONG, "longest_refusal": 3, "mails": 30_000, "a_second": 300, "burst": 600}),
    Scenario("network-stalls", network_stalls, short={**SHORT, "longest_stall": 1}, long={**LONG, "longest_stall": 40}),
    Scenario("network-trickles", network_trickles, short=None, long={**LONG, "a_second": 10, "mails": 1000, "longest": 10}),
    Scenario("network-spoils", network_spoils, short={**SHORT, "longest": 1, "most": 1}, long={**LONG, "longest": 5, "most": 4}),
    Scenario("network-spoils-plain", network_spoils_plain, short=None, long={**LONG, "longest": 5, "most": 4, "afterwards": 200}),
]
