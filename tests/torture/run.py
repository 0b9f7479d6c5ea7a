"""One scenario in a world of its own, from its start to its reckoning."""

import pathlib
import shutil
import tempfile
import time
import traceback

from dev_stack.places import CHECKOUT
from world import World

KEPT = CHECKOUT / "build" / "torture"


class Failed(Exception):
    """A scenario that came to no reckoning."""


def run_scenario(scenario, scale, preset, keep=False):
    """(reckoning, where logs were kept or None); raises Failed. Logs are kept of what failed, or with `keep`."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chatear-torture-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user.
    world = World(folder, preset, **scenario.stack)
    world.settings["LOG_LEVEL"] = "info"
    world.stack.mail.options = list(scenario.mail)
    began = time.monotonic()
    try:
        world.stack.start()
        found = scenario.run(world, scale)
        found.seconds = round(time.monotonic() - began, 1)
        return found, keep_logs(scenario, folder) if keep or found.complaints() else None
    except Exception as error:
        kept = keep_logs(scenario, folder)
        (kept / "error.txt").write_text("".join(traceback.format_exception(error)))
        raise Failed(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:500]}; see {kept}/error.txt") from error
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)


def keep_logs(scenario, folder):
    """All logs and the index of the mails, in build/torture/; those of the last failure of this scenario."""
    kept = KEPT / scenario.name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for path in [*folder.glob("*.log"), *folder.glob("*/*.log"), *folder.glob("mail/mailbox/index.jsonl")]:
        shutil.copy(path, kept / path.name)
    return kept
