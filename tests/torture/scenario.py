"""What a scenario is: a function that does harm to a world under a load, and returns the sums that come of it."""

import dataclasses
import types
from collections.abc import Callable

from reckoning import Reckoning
from world import World

# Of each mail only to whom and with which Message-ID: 100,000 whole ones help nobody.
INDEX_ONLY = ("--index-only", "--announce", "PIPELINING")
# As a mail server that is not on this machine: it has a content some time before its answer is back.
SLOW_ANSWERS = (*INDEX_ONLY, "--answer-after", "0.05")
# With CHUNKING it has the contents of a whole window before the answer to the first is back.
WINDOWS = (*SLOW_ANSWERS, "--announce", "CHUNKING")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`short` and `long` are its parameters at either scale; None where it makes no sense at that scale."""

    name: str
    run: Callable[[World, types.SimpleNamespace], Reckoning]
    short: dict | None
    long: dict | None
    needs: Callable[[], str | None] | None = None  # Returns why this machine forbids it, or None.
    stack: dict = dataclasses.field(default_factory=dict)  # For the world's Stack, e.g. {"safe": True}.
    mail: tuple = INDEX_ONLY  # Options of the mail catcher.

    def scale(self, long=False, **changed):
        """The parameters; `changed` are somebody's own, of which only those count that this scenario has."""
        found = self.long if long else self.short
        if found is None:
            return None
        return types.SimpleNamespace(**{**found, **{name: value for name, value in changed.items() if name in found}})

    def missing(self):
        return self.needs() if self.needs else None
