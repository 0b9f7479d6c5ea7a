"""A full disk below PostgreSQL, NATS or Redis: work waits until there is room again, and goes on.

Each server's data moves to a small file system of its own (a tmpfs), which one file then fills. A server that ends
for want of room is started again when there is some, as a supervisor would. NATS switches JetStream off when its disk is full,
until it is started again.
"""

import contextlib
import os
import shutil
import subprocess
import time

from scenario import Scenario
from under_load import UnderLoad


def cannot_mount():
    """Why this machine forbids it."""
    if os.geteuid() != 0:
        return "mounting a small file system needs root"
    made = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
    return None if made.returncode == 0 else f"no file system can be mounted: {made.stderr.strip()}"


@contextlib.contextmanager
def on_a_small_disk(server, folder, megabytes):
    """The server's data in a file system of their own; it must be stopped, or unmounting leaves it alone."""
    kept = folder.with_name(folder.name + ".kept")
    owner = folder.stat()
    folder.rename(kept)
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700,uid={owner.st_uid},gid={owner.st_gid}", "tmpfs", folder],
                   check=True)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", folder], check=True)
        shutil.rmtree(kept)
        yield
    finally:
        server.stop()
        subprocess.run(["umount", folder], check=True)


def fill(ballast):
    """Every byte that is left goes to this file."""
    with open(ballast, "ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(b"\xaa" * size) == size:
                    pass


def full_disk(world, scale, server, folder, megabytes):
    server.stop()
    with on_a_small_disk(server, folder, megabytes):
        server.start()
        under = UnderLoad(world, f"{server.name}-disk-full", scale)
        under.notes.update(ended_by_itself=0, nothing_accepted=0)

        def one():
            keep_full(under, folder / "ballast", under.chance.uniform(scale.full / 2, scale.full))
            (folder / "ballast").unlink()
            time.sleep(0.5)
            if not server.process.alive():
                under.notes["ended_by_itself"] += 1
                server.start()
            elif server is world.stack.nats:
                server.kill()  # JetStream stays off otherwise, and one in this state may not end by itself.
                server.start()

        under.harm(one, (scale.shortest_pause, scale.longest_pause))
        under.notes.update(refused=refusals(server))
        if not under.notes["refused"] and server is not world.stack.nats:
            under.broken.append("the server never wanted for room: the scenario showed nothing")
        return under.end(pure=True)


def keep_full(under, ballast, seconds):
    """Also what the server gives back meanwhile. Notes whether JetStream accepted nothing in the second half: 2.9 may say nothing of
    its disk, and answer nobody."""
    began, before = time.monotonic(), None
    while time.monotonic() < began + seconds:
        fill(ballast)
        time.sleep(0.02)
        if before is None and time.monotonic() > began + seconds / 2:
            before = len(under.load.accepted)
    under.notes["nothing_accepted"] += under.load.running() and len(under.load.accepted) == before


REFUSALS = ("No space left on device", "no space left on device", "out of space", "Short write while writing to the AOF")


def refusals(server):
    """How often it has said that there is no room."""
    return sum(server.process.log_text().count(word) for word in REFUSALS)


def postgres_disk_full(world, scale):
    """PostgreSQL's data and log have no room, then some again."""
    return full_disk(world, scale, world.stack.postgres, world.stack.postgres.data, scale.megabytes)


def nats_disk_full(world, scale):
    """JetStream's store has no room, then some again."""
    return full_disk(world, scale, world.stack.nats, world.stack.nats.folder / "store", scale.megabytes)


def redis_disk_full(world, scale):
    """Redis' append-only file has no room, then some again."""
    return full_disk(world, scale, world.stack.redis, world.stack.redis.folder / "appendonlydir", scale.megabytes)


SHORT = {"workers": 2, "seed": 1, "ack_wait": 4, "mails": 160, "a_second": 40, "seconds": 4, "full": 2, "shortest_pause": 0.5,
         "longest_pause": 1, "patience": 60}
# Between two outages is time for all that waits: a dependency that comes for a moment and goes again is another matter.
LONG = {"workers": 2, "seed": 1, "mails": 3000, "a_second": 30, "seconds": 90, "full": 15, "shortest_pause": 6, "longest_pause": 9,
        "patience": 120}
SCENARIOS = [
    Scenario("postgres-disk-full", postgres_disk_full, {**SHORT, "megabytes": 96}, {**LONG, "megabytes": 96}, needs=cannot_mount),
    Scenario("nats-disk-full", nats_disk_full, {**SHORT, "megabytes": 8}, {**LONG, "megabytes": 8}, needs=cannot_mount),
    Scenario("redis-disk-full", redis_disk_full, None, {**LONG, "megabytes": 4}, needs=cannot_mount),
]
