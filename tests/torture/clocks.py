"""A machine's clock: it passes midnight UTC, and is set a day ahead."""

import time

import fake_clock
from deletion_world import Deletions
from dev_stack.process import wait_until
from progress import say
from reckoning import Load, Tally, reckon, wait_arrived, wait_settled
from scenario import Scenario

DAY = 86_400
LIMIT = 3  # Executions a UTC day here.
PERIOD = 2  # Seconds that an account can be recovered.


class Machine:
    """PostgreSQL and the workers have the clock of one machine; NATS and Redis, which libfaketime cannot deceive, are elsewhere."""

    def __init__(self, world, seconds_to_midnight):
        self.world = world
        self._ahead = DAY - int(time.time()) % DAY - seconds_to_midnight
        self._clock = fake_clock.new_clock(world, f"+{self._ahead}")
        fake_clock.restart_with_clock(world.stack.postgres, self._clock)
        world.settings.update(fake_clock.faketime(self._clock))
        self.deletions = Deletions(world)
        self.workers = []
        self.unwanted, self.recovered = [], []  # Accounts.
        self.jumps = 0
        self.broken = []

    def start(self, rate):
        mails = self.world.worker(EMAIL_RATE_PER_DOMAIN=rate)
        self.workers = [self.deletions.worker(DELETION_DAILY_LIMIT=str(LIMIT), RECOVERY_PERIOD=f"{PERIOD}s") for _ in range(2)]
        for worker in [mails, *self.workers]:
            worker.wait_ready(60)

    def set_a_day_ahead(self):
        """Nobody may go for that. Who was due before goes on once a person has said so."""
        executed = self.executed()
        self.jumps += 1
        self._ahead += DAY
        fake_clock.set_clock(self._clock, f"+{self._ahead}")
        self.ask(1)  # Wakes them all.
        for worker in self.workers:
            worker.wait(lambda: worker.log().count("clock gained on this machine's") == self.jumps, 60, "sees that the clock jumped")
        if self.executed() != executed:
            self.broken.append(f"a clock that jumped deleted {self.executed() - executed} accounts")
        self.world.chatear("deletions", "resume", "--reason", "the clock is right")

    def today(self):
        return self.world.sql("SELECT (clock_timestamp() AT TIME ZONE 'utc')::date")[0][0]

    def executed(self, day=None):
        if day is None:
            return self.world.sql("SELECT count(*) FROM user_deletions WHERE status = 'executed'")[0][0]
        return self.world.sql("SELECT count(*) FROM daily_slots WHERE kind = 'execution' AND day = %s", day)[0][0]

    def ask(self, count):
        """So many accounts are to be deleted."""
        users = [self.deletions.user(f"user{number}") for number in range(len(self.unwanted), len(self.unwanted) + count)]
        self.deletions.delete(*users)
        self.unwanted += users

    def recover_some(self):
        """Every fourth, at once."""
        self.recovered = self.unwanted[::4]
        for user in self.recovered:
            self.deletions.recover(user_id=user)

    def all_executed(self):
        return self.executed() == len(self.unwanted) - len(self.recovered)

    def complaints(self):
        yield from self.broken
        for day, count in self.world.sql("SELECT day::text, count(*) FROM daily_slots WHERE kind = 'execution' GROUP BY day"):
            if count > LIMIT:
                yield f"{count} accounts were deleted on {day}, {LIMIT} are allowed"
        for user in self.recovered:
            if self.deletions.is_deleted(user):
                yield f"the account {user} was recovered in time and is deleted"
        [[early]] = self.world.sql(
            "SELECT count(*) FROM user_deletions WHERE executed_at < recovery_sent_at + %s * interval '1 second'", PERIOD)
        if early:
            yield f"{early} accounts were deleted too soon"


def clocks(world, scale):
    """Midnight UTC under a load with limits, then days in a moment: limits are of their day, and no jump deletes anybody."""
    machine, tally, load = Machine(world, scale.before_midnight), Tally(world), Load(world, "clocks")
    first_day = machine.today()
    machine.start(scale.rate)
    load.start(scale.mails, scale.a_second, burst=10)
    machine.ask(scale.accounts)
    machine.recover_some()
    say("clocks: waiting for midnight")
    wait_until(lambda: machine.today() > first_day, 2 * scale.before_midnight + 30, "midnight is over")
    while True:
        day = machine.today()
        wait_until(lambda: machine.executed(day) == LIMIT or machine.all_executed(), 60,
                   lambda: f"the places of {day} are taken, not {machine.executed(day)} of them")
        if machine.all_executed():
            break
        say(f"clocks: {machine.executed()} of {len(machine.unwanted)} accounts are deleted; a day ahead")
        machine.set_a_day_ahead()
    load.join(300)
    wait_arrived(world, load, scale.patience)
    wait_settled(world, scale.patience)
    deferrals = world.sql("SELECT sum(generation) FROM email_sends")[0][0]
    found = reckon("clocks", world, load, tally, machine.jumps + 1, executed=machine.executed(), deferrals=int(deferrals))
    found.broken += machine.complaints()
    if found.second_copies:
        found.broken.append(f"a clock made second copies: {found.second_copies[:5]}")
    return found


SCENARIOS = [
    Scenario("clocks", clocks, needs=fake_clock.missing,
             short={"before_midnight": 12, "mails": 300, "a_second": 15, "rate": "10/1s", "accounts": 10, "patience": 60},
             long={"before_midnight": 60, "mails": 6000, "a_second": 15, "rate": "10/1s", "accounts": 100, "patience": 600}),
]
