"""The criterion of ./dev soak finds what grows, and lets be what does not."""

import math
import random

import pytest

from growth import LEAST_SAMPLES, Growth, Slack, judge

MEMORY = Slack(4096, 0.10)


def series(value, count=600, every=2.0):
    return [(number * every, value(number / count)) for number in range(count)]


def test_a_leak_is_found():
    found = judge("memory", series(lambda share: 40_000 + 12_000 * share), MEMORY)
    assert found.grown
    assert "memory grows" in found.complaint()


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_is_found_in_noise(seed):
    chance = random.Random(seed)
    assert judge("memory", series(lambda share: 40_000 + 12_000 * share + chance.gauss(0, 3_000)), MEMORY).grown


@pytest.mark.parametrize("seed", range(20))
def test_noise_that_stays_where_it_is_is_accepted(seed):
    chance = random.Random(seed)
    found = judge("memory", series(lambda _: 40_000 + chance.gauss(0, 3_000)), MEMORY)
    assert found.grown is False
    assert found.complaint() is None


def test_bursts_of_outages_are_accepted():
    """A tenth of the samples of each quarter is three times as high, or there is none."""
    def value(share):
        part = share * 40 % 1
        return None if part < 0.05 else 120_000 if part < 0.1 else 40_000
    found = judge("memory", series(value), MEMORY)
    assert found.grown is False
    assert found.most == 120_000


def test_what_fills_once_is_accepted():
    assert judge("memory", series(lambda share: 60_000 - 40_000 * math.exp(-share * 20)), MEMORY).grown is False


def test_one_descriptor_lost_at_each_restart_is_found():
    assert judge("descriptors", series(lambda share: 30 + math.floor(share * 16)), Slack(4)).grown


def test_what_shrinks_is_accepted():
    assert judge("memory", series(lambda share: 80_000 - 40_000 * share), MEMORY).grown is False


@pytest.mark.parametrize("count", [0, 1, 4 * LEAST_SAMPLES - 4])
def test_too_few_samples_are_no_verdict_and_a_complaint(count):
    found = judge("memory", series(lambda _: 40_000, count), MEMORY)
    assert found.grown is None
    assert "too few" in found.complaint()


def test_a_last_quarter_without_a_value_is_no_verdict():
    assert judge("memory", series(lambda share: None if share > 0.7 else 1), MEMORY).grown is None


def test_nor_is_a_first_half_without_one():
    assert judge("memory", series(lambda share: None if share < 0.6 else 1), MEMORY).grown is None


def test_an_outage_as_long_as_a_quarter_is_no_growth_behind_it():
    assert judge("connections", series(lambda share: 0 if 0.25 < share < 0.5 else 5), Slack(2)).grown is False
    assert judge("connections", series(lambda share: None if 0.25 < share < 0.5 else 5), Slack(2)).grown is False


def test_what_is_only_shown_is_no_complaint():
    found = judge("waiting", series(lambda share: 1000 * share), None)
    assert found.complaint() is None and found.medians[3] > found.medians[1]


def test_the_smallest_leak_is_what_half_of_the_events_fit_into_the_slack():
    assert Growth("memory", (1, 1, 1, 1), 1, 4096, False).smallest_leak(8192) == 1
