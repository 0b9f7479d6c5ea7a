"""The soak and the backlog in short: that they run, and hold what they can tell in seconds. ./dev soak takes longer."""

import os

import pytest

import backlog
from mixed import run, soaked_world

PRESET = os.environ.get("CHATEAR_PRESET", "release")


def test_twenty_seconds_of_everything_leave_nothing_behind():
    result = run(PRESET, 20, rate=30, every=0.4)
    assert result["complaints"] == [], result
    assert result["events"] > 100 and len(result["troubles"]) >= 4


@pytest.mark.parametrize("stall, count, size, budget", [("greeting", 20_000, 200, backlog.BUDGET), ("content", 100, 256 * 1024, 8 << 20)])
def test_what_waits_for_a_silent_mail_server_is_not_in_memory(stall, count, size, budget):
    with soaked_world(PRESET) as world:
        result = backlog.run(world, stall, count, size, finish=min(count, 1_000), seconds=3, budget=budget)
    assert result["complaints"] == [], result
