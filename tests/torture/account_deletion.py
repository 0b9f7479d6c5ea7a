"""Workers of account deletion that are killed while accounts are asked about, mailed, recovered and executed."""

import threading
import time

from crew import Crew
from deletion_world import Deletions
from dev_stack.nats_client import NatsError
from dev_stack.process import wait_until
from progress import say
from reckoning import Reckoning, Tally, arrived, dead_letters, events_left, outbox_left
from scenario import INDEX_ONLY, Scenario
from stream import MAILS, USERS, declare

LIMIT = 10  # Executions a UTC day (the default).


class Accounts:
    """Accounts whose deletion is asked for; of each `recovered_every`-th it is taken back, in time."""

    def __init__(self, world, deletions, scale):
        self.world, self.scale = world, scale
        self.users = {deletions.user(f"user{number}"): f"user{number}@example.test" for number in range(scale.accounts)}
        self.accepted = 0  # Requests that JetStream has.
        self.recovered, self.late = [], []  # In time for certain; perhaps not, where this machine was slow.
        self.failure = None
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def start(self):
        self._thread.start()

    def join(self):
        self._thread.join(300)
        assert not self._thread.is_alive(), "the requests have not come through"
        if self.failure is not None:
            raise self.failure

    def _ask(self):
        try:
            self._ask_all()
        except Exception as failure:  # For join(): a thread tells nobody else.
            self.failure = failure

    def _ask_all(self):
        """A recovery follows its request by at most half of the period, so that it is in time whatever the workers do."""
        recoveries = []  # (when, when the deletion was asked for, user)
        for number, user in enumerate(self.users):
            asked = time.monotonic()
            self._publish("user.delete", user)
            if number % self.scale.recovered_every == 0:
                recoveries.append((asked + self.scale.period * (number % 7) / 14, asked, user))
            self._recover(recoveries, time.monotonic())
            time.sleep(self.scale.pause_between)
        while recoveries:
            self._recover(recoveries, time.monotonic())
            time.sleep(0.02)

    def _recover(self, recoveries, now):
        for due in [due for due in recoveries if due[0] <= now]:
            recoveries.remove(due)
            _, asked, user = due
            self._publish("user.recover", user)
            (self.recovered if time.monotonic() < asked + self.scale.period else self.late).append(user)

    def _publish(self, subject, user):
        with self.world.nats() as nats:
            nats.publish_to_stream(subject, {"user_id": user, "event_id": f"{subject}-{user}"})
        self.accepted += 1


def kills_deletion(world, scale):
    """At most 10 accounts go a day, none too soon, none that was recovered, and the audit log has no gap."""
    declare(world, scale.ack_wait, USERS)
    declare(world, 30, MAILS)  # For what is told of recoveries; nobody sends that here.
    deletions, tally = Deletions(world), Tally(world)
    crew = Crew(world, deletions.worker, scale.workers, RECOVERY_PERIOD=f"{scale.period}s")
    accounts = Accounts(world, deletions, scale)
    accounts.start()
    for kill in range(scale.kills):
        say(f"kills-deletion: kill {kill + 1} of {scale.kills}, {accounts.accepted} requests published")
        crew.kill_somebody(scale.pause)
    accounts.join()
    wait_for_all(world, accounts, scale)
    return reckon_accounts(world, deletions, accounts, tally, scale)


def left(world):
    """What is still to be done, by what it is."""
    try:
        [(waiting, places)] = world.sql(
            "SELECT count(*) FILTER (WHERE status = 'queued' AND next_mail_at < now() + interval '10 minutes'"
            "  OR status = 'scheduled' AND scheduled_at > now()),"
            f" least(count(*) FILTER (WHERE status = 'scheduled'), {LIMIT} - (SELECT count(*) FROM daily_slots"
            "  WHERE kind = 'execution' AND day = (now() AT TIME ZONE 'utc')::date)) FROM user_deletions")
        return {"events": events_left(world, USERS[0]), "waiting": waiting, "places": places, "outbox": outbox_left(world)}
    except (OSError, NatsError) as error:
        return {"nats": str(error)}


def wait_for_all(world, accounts, scale):
    """Until every request is judged, every mail out, and of those due as many are executed as a day has places."""

    def done():
        found = left(world)
        if scale.ack_wait and list(filter(found.get, found)) == ["outbox"]:
            # As if a minute had passed, for which a relay that was killed had taken its rows.
            world.sql("UPDATE outbox SET due_at = now() WHERE due_at > now() AND due_at < now() + interval '1 minute'")
        return not any(found.values())

    wait_until(done, scale.patience, lambda: f"all {len(accounts.users)} accounts come to rest: {left(world)}")


def reckon_accounts(world, deletions, accounts, tally, scale):
    rows = {user: None for user in accounts.users}
    rows.update(world.sql("SELECT user_id::text, to_jsonb(d) FROM user_deletions d"))
    states = {}
    for row in rows.values():
        states[row["status"] if row else "none"] = states.get(row["status"] if row else "none", 0) + 1
    found = Reckoning("kills-deletion", faults=scale.kills, accepted=accounts.accepted, counted=tally.counted(), notes=states)
    count_mails(found, arrived(world), accounts, rows, tally.lines())
    found.dead_letters = dead_letters(world)
    found.broken += [*broken_for_accounts(world, deletions, accounts, rows, scale.period), *broken_for_days(world), *audit_gaps(world)]
    return found


def count_mails(found, mails, accounts, rows, lines):
    named = {}  # deletion id: how often a copy of its mail was announced.
    for event_id, times in lines.items():
        deletion = event_id.partition(".")[0]
        named[deletion] = named.get(deletion, 0) + times
    for user, address in accounts.users.items():
        copies, row = mails.get(address, []), rows[user]
        found.mails += len(copies)
        if not copies:
            # A recovery that came first leaves nothing to write about.
            if row and row["status"] in ("scheduled", "executed"):
                found.lost.append(address)
            continue
        more = [address] * (len(copies) - 1)
        found.second_copies += more
        found.uncounted += more[named.get(row["id"], 0) :]
        if len(set(copies)) > 1:
            found.other_message_ids.append((address, sorted(set(copies))))


def broken_for_accounts(world, deletions, accounts, rows, period):
    gone_by_user = dict(world.sql("SELECT id::text, is_deleted FROM users"))
    for user, row in rows.items():
        gone = gone_by_user[user]
        if gone != (row is not None and row["status"] == "executed"):
            yield f"the account {user} is {'' if gone else 'not '}deleted, its deletion is {row}"
        if user in accounts.recovered and row is not None and row["status"] != "cancelled":
            yield f"the account {user} was recovered in time, its deletion is {row}"
        if user not in accounts.recovered + accounts.late and (row is None or row["status"] not in ("scheduled", "executed", "queued")):
            yield f"the account {user} was to be deleted, its deletion is {row}"
    [[early]] = world.sql(
        "SELECT count(*) FROM user_deletions WHERE executed_at < recovery_sent_at + %s * interval '1 second'"
        " OR executed_at IS NOT NULL AND recovery_sent_at IS NULL", period)
    if early:
        yield f"{early} accounts were deleted too soon"
    [[executed, told]] = world.sql(
        "SELECT (SELECT count(*) FROM user_deletions WHERE status = 'executed'),"
        " (SELECT count(*) FROM action_logs WHERE action = 'deletion.executed')")
    published = len(set(deletions.told("user.deleted")))
    if executed != told or executed != published:
        yield f"{executed} deletions are executed, {told} in the audit log, {published} told of"


def broken_for_days(world):
    for day, count in world.sql("SELECT day::text, count(*) FROM daily_slots WHERE kind = 'execution' GROUP BY day"):
        if count > LIMIT:
            yield f"{count} accounts were deleted on {day}"
    [[executed, slots]] = world.sql(
        "SELECT (SELECT count(*) FROM user_deletions WHERE status = 'executed'),"
        " (SELECT count(DISTINCT holder) FROM daily_slots WHERE kind = 'execution')")
    if executed != slots:
        yield f"{executed} accounts were deleted in {slots} places of the days"
    for user, day, count in world.sql(
            "SELECT subject, day::text, count(*) FROM daily_slots WHERE kind = 'recovery_mail' GROUP BY subject, day HAVING count(*) > 2"):
        yield f"{count} recovery mails to {user} on {day}"


def audit_gaps(world):
    verified = world.chatear("audit", "verify", check=False)
    if verified.returncode != 0:
        yield f"chatear audit verify: exit {verified.returncode}\n{verified.stdout}{verified.stderr}"


SCENARIOS = [
    Scenario("kills-deletion", kills_deletion, mail=(*INDEX_ONLY, "--answer-after", "0.2"),
             short={"workers": 2, "kills": 8, "accounts": 40, "recovered_every": 3, "period": 4, "pause_between": 0.08, "pause": 0.6,
                    "ack_wait": 4, "patience": 60},
             long={"workers": 3, "kills": 300, "accounts": 1000, "recovered_every": 3, "period": 20, "pause_between": 0.2, "pause": 0.8,
                   "ack_wait": None, "patience": 180}),
]
