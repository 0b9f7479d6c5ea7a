"""The criterion of a soak: does a series of samples grow?

The median of the last quarter of the time is compared with that of the first or of the second, whichever is more: pools, caches and
the allocator fill early, and what fills once is no leak; in a short run one of the two may be all outage, with fewer connections than
usual. A median does not mind what an outage does to a few samples. What is allowed above is `Slack`: an absolute amount, which noise may
take, or a share, whichever is more. A leak doubles with the length of the run and the slack does not, so a longer run sees smaller
ones: Growth.smallest_leak() says which.
"""

import dataclasses
import statistics

LEAST_SAMPLES = 4  # In a quarter; a verdict on fewer would be none.


@dataclasses.dataclass(frozen=True)
class Slack:
    absolute: float
    share: float = 0.0

    def of(self, median):
        return max(self.absolute, self.share * median)


@dataclasses.dataclass(frozen=True)
class Growth:
    """What became of one series. `allowed` is None where it is only shown, `grown` also where there were too few samples to tell."""

    name: str
    medians: tuple  # Of each quarter; None for one without samples.
    most: float
    allowed: float | None
    grown: bool | None

    def complaint(self):
        """A sentence, or nothing where all is well."""
        if self.allowed is None:
            return None
        if self.grown is None:
            return f"{self.name}: too few samples to tell whether it grows"
        if self.grown:
            medians = ", ".join("-" if median is None else f"{median:g}" for median in self.medians)
            return f"{self.name} grows: medians of the quarters {medians}; {self.allowed:g} more are allowed"
        return None

    def smallest_leak(self, events):
        """How much an event would have to leak to be found, where `events` were handled in the whole time."""
        return self.allowed / (events / 2) if events else None


def quarters(points):
    """Values of (time, value) points by quarters of the time that the points cover; those without a value are left out."""
    if not points:
        return [[], [], [], []]
    start, end = points[0][0], points[-1][0]
    width = (end - start) / 4 or 1
    found = [[], [], [], []]
    for at, value in points:
        if value is not None:
            found[min(3, int((at - start) / width))].append(value)
    return found


def judge(name, points, slack):
    """`points`: (time, value or None), in the order of time. Without a slack nothing is judged."""
    parts = quarters(points)
    medians = tuple(statistics.median(part) if part else None for part in parts)
    most = max((value for part in parts for value in part), default=0)
    if slack is None:
        return Growth(name, medians, most, None, None)
    before = [median for median, part in zip(medians[:2], parts[:2]) if len(part) >= LEAST_SAMPLES]
    if not before or len(parts[3]) < LEAST_SAMPLES:
        return Growth(name, medians, most, slack.absolute, None)
    allowed = slack.of(max(before))
    return Growth(name, medians, most, allowed, medians[3] - max(before) > allowed)
