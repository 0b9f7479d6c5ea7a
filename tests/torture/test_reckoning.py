"""A sum that cannot come out wrong is worthless: each promise is broken once, and the reckoning says so."""

import json
import pathlib
import types

import pytest

from reckoning import SECOND_COPY, Tally, reckon


class Log:
    """A worker of which a log is all that is left."""

    def __init__(self, path, *named):
        path.write_text("".join(json.dumps({"message": f"so: {SECOND_COPY}", "event_id": event}, separators=(",", ":")) + "\n"
                                for event in named))
        self.pid = 1
        self.process = types.SimpleNamespace(log=path, alive=lambda: False)


def world_with(folder, mails, named=(), dead_letters=()):
    (folder / "index.jsonl").write_text("".join(
        json.dumps({"to": [f"load-{number}@example.test"], "message_id": message_id}) + "\n" for number, message_id in mails))
    stack = types.SimpleNamespace(mail=types.SimpleNamespace(mailbox=folder))
    return types.SimpleNamespace(stack=stack, workers=[Log(folder / "worker.log", *named)], dead_letters=lambda: list(dead_letters))


def reckoned(world):
    load = types.SimpleNamespace(accepted=["load-1@example.test", "load-2@example.test"])
    return reckon("example", world, load, Tally(world), faults=2)


def test_all_is_well(tmp_path: pathlib.Path):
    found = reckoned(world_with(tmp_path, [(1, "<a>"), (2, "<b>"), (1, "<a>")], named=["load-1", "load-2"]))
    assert found.complaints() == []
    assert (found.accepted, found.mails, len(found.second_copies), found.counted, found.copies_a_fault()) == (2, 3, 1, 2, 0.5)


@pytest.mark.parametrize("broken, words", [
    ({"mails": [(1, "<a>")]}, "lost"),
    ({"mails": [(1, "<a>"), (2, "<b>"), (1, "<a>")]}, "0 of them counted"),
    ({"mails": [(1, "<a>"), (2, "<b>"), (1, "<a>")], "named": ["load-2"]}, "that no worker named"),
    ({"mails": [(1, "<a>"), (2, "<b>"), (1, "<c>")], "named": ["load-1"]}, "another Message-ID"),
    ({"mails": [(1, "<a>"), (2, "<b>")], "dead_letters": [("dlq.email.send", "", b"{}")]}, "1 dead letters"),
])
def test_a_broken_promise_is_found(tmp_path: pathlib.Path, broken, words):
    [complaint] = reckoned(world_with(tmp_path, **broken)).complaints()
    assert words in complaint


def test_a_line_that_was_cut_by_a_kill_names_nobody(tmp_path: pathlib.Path):
    world = world_with(tmp_path, [(1, "<a>"), (2, "<b>")], named=["load-1"])
    with world.workers[0].process.log.open("a") as log:
        log.write('{"message":"' + SECOND_COPY)
    assert reckoned(world).complaints() == []
