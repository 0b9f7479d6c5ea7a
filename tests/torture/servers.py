"""Servers that are killed, frozen and started again at random moments, several at a time.

All of this is an outage: work waits and goes on, nothing is lost, and without the mail server among them nothing is
done twice and no attempt is counted. A mail server that dies within a content leaves it open whether that arrived:
there a second copy is right, if it is counted.
"""

from scenario import Scenario
from under_load import UnderLoad, timeline

NOT_MAIL = ("postgres", "nats", "redis")
ALL = (*NOT_MAIL, "mail")


def away(server, how, start, seconds):
    """The timeline of a server that is away from `start` for so long."""
    back = server.thaw if how == "freeze" else server.start
    return [(start, getattr(server, how)), (start + seconds, back)]


def storm(world, scale, name, servers):
    under = UnderLoad(world, name, scale)
    chance = under.chance
    done = under.notes.setdefault("done", {})

    def one():
        actions = []
        for server in chance.sample(servers, chance.randint(1, min(len(servers), 3))):
            how = chance.choice(("kill", "freeze", "stop"))
            longest = scale.longest_freeze if how == "freeze" else scale.longest_away
            actions += away(getattr(world.stack, server), how, chance.uniform(0, scale.longest_pause), chance.uniform(0.1, longest))
            done[how] = done.get(how, 0) + 1
        timeline(*actions)
        under.faults += len(actions) // 2 - 1

    under.harm(one, (0.0, scale.longest_pause))
    return under.end(pure="mail" not in servers, flaps=True)


def servers_storm(world, scale):
    """PostgreSQL, NATS and Redis die, stop and stand still at random moments, up to three at a time."""
    return storm(world, scale, "servers-storm", NOT_MAIL)


def all_servers_storm(world, scale):
    """The same, with the mail server among them."""
    return storm(world, scale, "all-servers-storm", ALL)


def servers_stand_still(world, scale):
    """Each frozen for longer than a worker's patience with it, one after the other, then all at once."""
    under = UnderLoad(world, "servers-stand-still", scale)
    servers = [getattr(world.stack, name) for name in ALL]
    for server in servers:
        timeline(*away(server, "freeze", 1, scale.freeze))
        under.check_alive()
    timeline(*(action for server in servers for action in away(server, "freeze", 1, scale.freeze)))
    under.faults += 2 * len(servers)
    return under.end(pure=scale.freeze < 240)  # A mail server may take 5 minutes (RFC 5321, 4.5.3.2).


SHORT = {"workers": 2, "seed": 1, "ack_wait": 4}
SCENARIOS = [
    Scenario("servers-storm", servers_storm,
             short={**SHORT, "mails": 300, "a_second": 40, "seconds": 8, "longest_freeze": 1, "longest_away": 1, "longest_pause": 1,
                    "patience": 100},
             long={"workers": 3, "seed": 1, "mails": 6000, "a_second": 30, "seconds": 200, "longest_freeze": 25, "longest_away": 8,
                   "longest_pause": 5, "patience": 180}),
    Scenario("all-servers-storm", all_servers_storm,
             short={**SHORT, "mails": 300, "a_second": 40, "seconds": 8, "longest_freeze": 1, "longest_away": 1, "longest_pause": 1,
                    "patience": 100},
             long={"workers": 3, "seed": 1, "mails": 6000, "a_second": 30, "seconds": 200, "longest_freeze": 25, "longest_away": 8,
                   "longest_pause": 5, "patience": 180}),
    Scenario("servers-stand-still", servers_stand_still, short=None,
             long={"workers": 2, "seed": 1, "mails": 2500, "a_second": 10, "freeze": 40, "patience": 180}),
]
