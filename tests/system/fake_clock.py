"""Processes whose civil time is another one than ours (libfaketime)."""

import glob

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"


def missing():
    """Why no clock can be faked here; None where it can."""
    return None if glob.glob(LIBRARIES) else "libfaketime is not there: ./dev setup installs it"


def faketime(clock):
    """The environment of a process whose civil time is `clock` ahead, "+5h", or as a file says."""
    # CLOCK_BOOTTIME is not civil time: it must stay.
    said = {"FAKETIME_TIMESTAMP_FILE": str(clock)} if hasattr(clock, "write_text") else {"FAKETIME": clock}
    # jemalloc asks for the time before libfaketime can answer: what is named behind it allocates instead.
    preloaded = ":".join([glob.glob(LIBRARIES)[0], "libc.so.6", "libstdc++.so.6"])
    return {"LD_PRELOAD": preloaded, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", **said}


def new_clock(world, ahead="+0"):
    """A file that says what clocks are ahead; see set_clock()."""
    file = world.stack.folder / "clock"
    file.write_text(ahead)
    file.chmod(0o644)
    return file


def set_clock(file, ahead):
    """At once, as a reader sees it."""
    new = file.with_suffix(".new")
    new.write_text(ahead)
    new.chmod(0o644)
    new.rename(file)


def restart_with_clock(server, clock):
    server.variables = faketime(clock)
    server.stop()
    server.start()
