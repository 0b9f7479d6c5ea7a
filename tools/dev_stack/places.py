"""Where things are: this checkout, programs of servers, folders that another user may enter."""

import itertools
import os
import pathlib
import pwd
import random
import re
import shutil
import socket
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
DEV = CHECKOUT / ".dev"
# What another user must reach is kept here where the checkout itself is closed to others.
SHARED = pathlib.Path("/var/lib/chatear-dev")
PORTS = range(10_240, 32_768)


def program(name):
    """The path of a server's program; ./dev has put the folders of unpacked ones into PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    debian = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=":".join([path, *map(str, debian)]))
    if found is None:
        raise FileNotFoundError(f"{name} is not on this machine: ./dev setup gets it")
    return found


def executable(name, preset="release"):
    """One of ours, as `./dev build` leaves it."""
    return CHECKOUT / "build" / preset / "bin" / name


def postgres_user():
    """Whom PostgreSQL runs as: nothing, meaning ourselves, unless we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LookupError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def others_can_enter(folder):
    return all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents])


def folder_for_postgres(wanted, name):
    """`wanted`, or where others cannot reach it a folder `name` outside (None: a new one)."""
    wanted.mkdir(parents=True, exist_ok=True)
    if postgres_user() is None or others_can_enter(wanted):
        return wanted
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    if name is None:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="postgres-", dir=SHARED))
    else:
        folder = SHARED / name
        folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder


def own_ports():
    """Of several processes of one pytest each has a slice of its own; others have all."""
    number = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    if number is None:
        return PORTS
    slices = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    width = len(PORTS) // slices
    begin = PORTS.start + int(number[1]) * width
    return range(begin, begin + width)


OWN_PORTS = own_ports()
walk = itertools.count(random.randrange(len(OWN_PORTS)))


def free_port():
    """A port of 127.0.0.1 that nobody listens on; one process is not given it twice.

    Below those that the kernel gives to connections (ip(7), ip_local_port_range): one of them could be a client's
    by the time the server starts, or while a stopped one is away. Each process walks on from a place of its own, so
    that two do not meet between choosing and listening.
    """
    for _ in OWN_PORTS:
        port = OWN_PORTS[next(walk) % len(OWN_PORTS)]
        if is_free(port):
            return port
    raise OSError(f"no free port between {OWN_PORTS[0]} and {OWN_PORTS[-1]}")


def is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # As servers do: TIME_WAIT is no obstacle.
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
