"""Each scenario of `./dev torture` at its short scale."""

import os

import pytest

from run import run_scenario
from scenarios import scenarios

PRESET = os.environ.get("CHATEAR_PRESET", "release")


@pytest.mark.parametrize("scenario", [scenario for scenario in scenarios() if scenario.short], ids=lambda scenario: scenario.name)
def test_the_promises_are_kept_under(scenario):
    missing = scenario.missing()
    if missing:
        pytest.skip(missing)
    found, kept = run_scenario(scenario, scenario.scale(), PRESET)
    assert found.complaints() == [], f"logs: {kept}"
