"""Whole executables against real servers. Each test has servers of its own and ends with them."""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from dev_stack.places import CHECKOUT, executable  # noqa: E402
from cli_world import CliWorld  # noqa: E402
from deletion_world import Deletions  # noqa: E402
from world import World  # noqa: E402

PRESET = os.environ.get("CHATEAR_PRESET", "release")


def require(name):
    """An executable that this checkout has sources of must be there."""
    if not (CHECKOUT / "apps" / name).is_dir():
        pytest.skip(f"this checkout has no apps/{name}")
    if not executable(name, PRESET).exists():
        pytest.fail(f"{executable(name, PRESET)} is not built: ./dev build {PRESET}")


@contextlib.contextmanager
def running_world():
    """Servers that run, and no worker yet; gone with all that it kept at the end."""
    require("notification-worker")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chatear-system-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user.
    found = World(folder, PRESET)
    try:
        found.stack.start()
        yield found
    finally:
        found.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def world():
    """One test's own."""
    with running_world() as found:
        yield found


@pytest.fixture(scope="module")
def shared_world():
    """For tests that differ in one word: a world that a whole file shares."""
    with running_world() as found:
        yield found


@pytest.fixture
def chatear(world):
    """The operator's tool, on a database with our tables."""
    require("chatear")
    world.chatear("migrate", "up")
    return world.chatear


@pytest.fixture
def deletions(world):
    """Account deletion on a database with our tables; no worker yet."""
    require("chatear")
    require("user-delete-worker")
    return Deletions(world)


@pytest.fixture(scope="module")
def cli_world():
    require("chatear")
    found = CliWorld.start(PRESET)
    yield found
    found.end()


@pytest.fixture
def tool(cli_world):
    """For tests of the operator's tool alone: servers that a whole file shares, emptied."""
    cli_world.empty()
    return cli_world
