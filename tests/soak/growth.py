"""The criterion of a soak: does a series of samples grow?

Compared are the medians of the second and of the last quarter of the time. The first quarter is the warm-up: pools, caches
and the allocator fill, and what fills once is no leak. A median does not mind what an outage does to a few samples, and each
quarter has the same troubles. What is allowed between the two is `Slack`: an absolute amount, which noise may take, or a
share of the second quarter's median, whichever is more. A leak doubles with the length of the run and the slack does not, so
a longer run sees smaller ones: Growth.smallest_leak() says which.
"""

import dataclasses
import statistics

LEAST_SAMPLES = 4  # In each of the two quarters; a verdict on fewer would be none.


@dataclasses.dataclass(frozen=True)
class Slack:
    absolute: float
    share: float = 0.0

    def of(self, median):
        return max(self.absolute, self.share * median)


@dataclasses.dataclass(frozen=True)
class Growth:
    """What became of one series. `grown` is None where there were too few samples to tell."""

    name: str
    medians: tuple  # Of each quarter; None for one without samples.
    most: float
    allowed: float
    grown: bool | None

    @property
    def by(self):
        return None if self.grown is None else self.medians[3] - self.medians[1]

    def complaint(self):
        """A sentence, or nothing where all is well."""
        if self.grown is None:
            return f"{self.name}: too few samples to tell whether it grows"
        if self.grown:
            return f"{self.name} grows: {self.medians[1]:g} in the second quarter, {self.medians[3]:g} in the last; {self.allowed:g} more are allowed"
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
    """`points`: (time, value or None), in the order of time."""
    parts = quarters(points)
    medians = tuple(statistics.median(part) if part else None for part in parts)
    most = max((value for part in parts for value in part), default=0)
    if min(len(parts[1]), len(parts[3])) < LEAST_SAMPLES:
        return Growth(name, medians, most, slack.absolute, None)
    allowed = slack.of(medians[1])
    return Growth(name, medians, most, allowed, medians[3] - medians[1] > allowed)
