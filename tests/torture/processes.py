"""Notification workers that are killed, stopped, restarted and stopped dead, while e-mails are on their way."""

import time

from crew import Crew
from dev_stack.process import wait_until
from progress import say
from reckoning import Arrivals, Load, Tally, reckon, wait_arrived, wait_settled, with_windows
from scenario import INDEX_ONLY, SLOW_ANSWERS, WINDOWS, Scenario
from stream import declare

LATE_ANSWERS = (*INDEX_ONLY, "--answer-after", "0.5")
NO_ANSWERS = (*INDEX_ONLY, "--answer-after", "3600")

CONNECTIONS, WINDOW = 8, 16  # SMTP_CONNECTIONS and SMTP_WINDOW where nobody sets them.


def kills(world, scale):
    """On one machine with a STATE_DIR: whoever is started next knows that its predecessor is dead."""
    return killed_at_random(world, scale, "kills", under_way=CONNECTIONS)


def kills_elsewhere(world, scale):
    """As containers without a volume: that somebody is dead is known once its lease has run out."""
    return killed_at_random(world, scale, "kills-elsewhere", own_state=True)


def kills_in_windows(world, scale):
    """A mail server with CHUNKING: each connection has a window of whole messages under way when its worker is killed."""
    return with_windows(world, killed_at_random(world, scale, "kills-in-windows", under_way=CONNECTIONS * WINDOW))


def killed_at_random(world, scale, name, own_state=False, under_way=None):
    """`under_way`: as many contents of a worker may be unanswered when it is killed, and with its recorder no more come twice."""
    declare(world, scale.ack_wait)
    tally, load = Tally(world), Load(world, name)
    crew = Crew(world, world.worker, scale.workers, own_state)
    load.start(scale.mails, scale.mails / (scale.kills * scale.pause), burst=scale.burst)
    for kill in range(scale.kills):
        say(f"{name}: kill {kill + 1} of {scale.kills}, {len(load.accepted)} of {scale.mails} e-mails published")
        crew.kill_somebody(scale.pause)
    at_rest(world, scale, load)
    found = reckon(name, world, load, tally, scale.kills)
    if under_way and len(found.second_copies) > scale.kills * under_way:
        found.broken.append(f"{len(found.second_copies)} second copies of {scale.kills} kills, which leave {under_way} each at most")
    return found


def at_rest(world, scale, load):
    load.join(600)
    say(f"{load.prefix}: waiting until all is done")
    wait_arrived(world, load, scale.patience)
    wait_settled(world, scale.patience)


def stops(world, scale):
    """A process that stands still for longer than its lease, and knows nothing of that when it goes on."""
    tally, load = Tally(world), Load(world, "stops")
    crew = Crew(world, world.worker, scale.workers)
    load.start(scale.mails, scale.mails / (scale.stops * (scale.seconds + scale.pause)), burst=scale.burst)
    for stop in range(scale.stops):
        say(f"stops: {stop + 1} of {scale.stops}, {len(load.accepted)} of {scale.mails} e-mails published")
        one = crew.chance.choice(crew.members)
        wait_until(lambda: in_hand(world, one), 120, lambda: f"it has contents under way\n{one.log()[-3000:]}")
        one.process.freeze()
        time.sleep(scale.seconds)
        one.process.thaw()
        time.sleep(scale.pause)  # It renews its lease, and works again.
    at_rest(world, scale, load)
    crew.wait_ready()
    taken_over = world.sql("SELECT count(*) FROM email_sends WHERE takeovers > 0")[0][0]
    found = reckon("stops", world, load, tally, scale.stops, taken_over=taken_over)
    if taken_over == 0:
        found.broken.append("nothing was taken over from those that stood still: the scenario showed nothing")
    return found


def in_hand(world, worker):
    [[count]] = world.sql("SELECT count(*) FROM email_sends WHERE status = 'sending' AND claimed_by::text = %s", worker.instance())
    return count


def rolling(world, scale):
    """Updates: each worker is told to stop, and its successor starts at once, again and again. No copy has an excuse."""
    return restarted_in_order(world, scale, "rolling")


def rolling_in_windows(world, scale):
    """The same with a mail server that knows CHUNKING: who stops has windows of whole messages to be answered first."""
    return with_windows(world, restarted_in_order(world, scale, "rolling-in-windows"))


def restarted_in_order(world, scale, name):
    declare(world, scale.ack_wait)
    tally, load = Tally(world), Load(world, name)
    crew = Crew(world, world.worker, scale.workers)
    load.start(scale.mails, scale.mails / (scale.restarts * scale.pause), burst=scale.burst)
    codes = []
    for restart in range(scale.restarts):
        say(f"{name}: restart {restart + 1} of {scale.restarts}, {len(load.accepted)} of {scale.mails} e-mails published")
        time.sleep(crew.chance.uniform(0, scale.pause))
        codes.append(crew.replace_in_order(restart % scale.workers))
    at_rest(world, scale, load)
    found = reckon(name, world, load, tally, scale.restarts)
    if any(codes):
        found.broken.append(f"orderly stops ended with {codes}, not with 0")
    if found.second_copies or found.counted:
        found.broken.append(f"orderly stops made {len(found.second_copies)} second copies, {found.counted} counted")
    attempts = world.sql("SELECT count(*) FROM email_sends WHERE attempts <> 1")[0][0]
    if attempts:
        found.broken.append(f"orderly stops cost {attempts} e-mails an attempt")
    return found


def drain_timeout(world, scale):
    """A stop that cannot be orderly: the mail server has contents and does not say what became of them."""
    declare(world, scale.ack_wait)
    mail = world.stack.mail
    tally, load = Tally(world), Load(world, "drain-timeout")
    settings = {"SHUTDOWN_TIMEOUT": "2s", "RETRY_BASE": "200ms", "STATE_DIR": str(world.stack.folder / "state")}
    unanswered, unknown, late = 0, 0, []
    for stop in range(scale.stops):
        say(f"drain-timeout: {stop + 1} of {scale.stops}")
        restart_mail(mail, NO_ANSWERS)
        worker = world.ready_worker(**settings)
        before = accepted_contents(world)
        load.publish(scale.mails)
        wait_until(lambda: accepted_contents(world) > before, 60, lambda: f"a content is with the mail server\n{worker.log()[-3000:]}")
        began = time.monotonic()
        worker.terminate(60)
        late += [seconds for seconds in [time.monotonic() - began] if not 1.5 < seconds < 10]
        unanswered += accepted_contents(world) - before
        unknown += world.sql("SELECT count(*) FROM email_sends WHERE status = 'retrying' AND reason LIKE '%%no answer came%%'")[0][0]
        restart_mail(mail, INDEX_ONLY)
        worker = world.ready_worker(**settings)
        at_rest_now(world, scale, load)
        worker.terminate()
    found = reckon("drain-timeout", world, load, tally, scale.stops, unanswered=unanswered, unknown=unknown)
    if late:
        found.broken.append(f"a stop of at most 2 s took {late} s")
    return found


def at_rest_now(world, scale, load):
    wait_arrived(world, load, scale.patience)
    wait_settled(world, scale.patience)


def restart_mail(mail, options):
    mail.kill()
    mail.options = list(options)
    mail.start()


def accepted_contents(world):
    return sum(map(len, Arrivals(world).mails().values()))


SCENARIOS = [
    Scenario("kills", kills, mail=SLOW_ANSWERS,
             short={"workers": 2, "kills": 12, "mails": 600, "pause": 0.4, "burst": 25, "ack_wait": 4, "patience": 60},
             long={"workers": 3, "kills": 500, "mails": 100_000, "pause": 1.6, "burst": 50, "ack_wait": None, "patience": 180}),
    Scenario("kills-in-windows", kills_in_windows, mail=WINDOWS,
             short={"workers": 2, "kills": 8, "mails": 3_000, "pause": 0.4, "burst": 300, "ack_wait": 4, "patience": 60},
             long={"workers": 3, "kills": 200, "mails": 100_000, "pause": 1.6, "burst": 600, "ack_wait": None, "patience": 180}),
    Scenario("kills-elsewhere", kills_elsewhere, mail=SLOW_ANSWERS, short=None,
             long={"workers": 3, "kills": 60, "mails": 20_000, "pause": 4, "burst": 50, "ack_wait": None, "patience": 240}),
    Scenario("stops", stops, mail=LATE_ANSWERS, short=None,
             long={"workers": 2, "stops": 10, "mails": 6_000, "seconds": 40, "pause": 5, "burst": 50, "patience": 180}),
    Scenario("rolling", rolling, mail=SLOW_ANSWERS,
             short={"workers": 2, "restarts": 8, "mails": 400, "pause": 0.4, "burst": 25, "ack_wait": 4, "patience": 60},
             long={"workers": 3, "restarts": 200, "mails": 40_000, "pause": 0.8, "burst": 50, "ack_wait": None, "patience": 180}),
    Scenario("rolling-in-windows", rolling_in_windows, mail=WINDOWS,
             short={"workers": 2, "restarts": 6, "mails": 3_000, "pause": 0.4, "burst": 300, "ack_wait": 4, "patience": 60},
             long={"workers": 3, "restarts": 100, "mails": 60_000, "pause": 0.8, "burst": 600, "ack_wait": None, "patience": 180}),
    Scenario("drain-timeout", drain_timeout,
             short={"stops": 2, "mails": 40, "ack_wait": 4, "patience": 60},
             long={"stops": 30, "mails": 400, "ack_wait": None, "patience": 180}),
]
