"""What happens to the servers meanwhile: each is restarted now and then, and connections to it are cut."""

import time

AWAY = 0.5  # Seconds that a server is not there.


class Troubles:
    """One after the other. In the caller's thread: a server ends with the thread that started it (PR_SET_PDEATHSIG)."""

    def __init__(self, stack, workers):
        self._stack, self._workers = stack, workers
        self.counts = {}

    def total(self):
        return sum(self.counts.values())

    def run(self, seconds, pause, check):
        """For so long, `pause` seconds between two; all servers run when it returns. `check` may end it by an exception."""
        end = time.monotonic() + seconds
        turn = 0
        while True:
            self._wait(min(end, time.monotonic() + pause), check)
            if time.monotonic() >= end:
                return
            server = self._stack.servers[turn // 2 % len(self._stack.servers)]
            if turn % 2:
                self._restart(server, killed=turn // (2 * len(self._stack.servers)) % 2 == 1)
            else:
                self._cut(server)
            turn += 1

    @staticmethod
    def _wait(until, check):
        while time.monotonic() < until:
            check()
            time.sleep(max(0.0, min(0.2, until - time.monotonic())))

    def _count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def _cut(self, server):
        for worker in self._workers:
            worker.links[server.name].cut()
        self._count(f"{server.name}: connections cut")

    def _restart(self, server, killed):
        """Stopped in the first round, killed in the second, and so on."""
        if killed:
            server.kill()
        else:
            server.stop()
        time.sleep(AWAY)
        server.start()
        self._count(f"{server.name}: {'killed' if killed else 'restarted'}")
