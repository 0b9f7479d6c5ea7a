"""Workers of one kind, each replaced as soon as it has ended."""

import random
import time


class Crew:
    """`start` makes a worker from its environment. With `own_state` nobody learns of a death but by the lease."""

    def __init__(self, world, start, size, own_state=False, **environment):
        self.world, self._start = world, start
        self._own_state, self._environment = own_state, environment
        self._started = 0
        self.chance = random.Random()
        self.members = [self._new() for _ in range(size)]
        self.wait_ready()

    def wait_ready(self):
        for worker in self.members:
            worker.wait_ready(60)

    def kill_somebody(self, longest_pause):
        """At a random moment of the next `longest_pause` seconds."""
        place = self.chance.randrange(len(self.members))
        if self.chance.random() < 0.8:  # The others may still be starting, and be taking over what somebody left.
            self.members[place].wait_ready(60)
        time.sleep(self.chance.uniform(0, longest_pause))
        self.members[place].kill()
        self.members[place] = self._new()

    def replace_in_order(self, place):
        """SIGTERM to one that works, and a new one at once; the exit code of the old one."""
        self.members[place].wait_ready(60)
        code = self.members[place].terminate(60)
        self.members[place] = self._new()
        return code

    def _new(self):
        self._started += 1
        folder = f"state-{self._started}" if self._own_state else "state"
        return self._start(STATE_DIR=str(self.world.stack.folder / folder), **self._environment)
