#!/usr/bin/python3
"""`./dev soak`: does anything grow in a worker that works for long, and is the work right in the end?

    ./dev soak [--for 20m] [--rate 50] [--every 2s] [--json] [--samples FILE]
    ./dev soak backlog [--stall greeting|content] [--count 1000000] [--bytes 200] [--json]

Both workers under a steady mixed load: e-mails with and without templates, large ones, some for later, some published twice, refused
recipients, events that are none; accounts that are deleted, or kept by the link or by an event. Every now and then each server is
restarted or killed, and the connections to it are cut. `backlog` is in backlog.py. Exit code 1: something grows, is lost or came twice.
"""

import argparse
import json
import os
import sys

import mixed  # First: it finds what tests/system and tests/torture have.
import backlog
from dev_stack.places import CHECKOUT, executable
from table import show


def duration(text):
    """Seconds of 90s, 20m or 8h."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    try:
        return float(text[:-1]) * unit
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 20m or 8h") from None


def main():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("mixed", "backlog"), default="mixed")
    parser.add_argument("--preset", default=os.environ.get("CHATEAR_PRESET", "release"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--for", dest="seconds", type=duration, help="20m; backlog: how long the server stays silent, 30s")
    parser.add_argument("--rate", type=float, default=50, help="events a second")
    parser.add_argument("--every", type=duration, default=2.0, help="how often all of it is looked at")
    parser.add_argument("--samples", metavar="FILE", help="where to leave each sample, as JSON")
    parser.add_argument("--stall", choices=backlog.STALLS, default="greeting", help="where the mail server falls silent")
    parser.add_argument("--count", type=int, default=1_000_000, help="events that wait")
    parser.add_argument("--bytes", type=int, default=200, help="of each one's body")
    parser.add_argument("--budget", type=int, default=backlog.BUDGET, help="MEMORY_BUDGET, in bytes")
    parser.add_argument("--finish", type=int, default=100_000, help="how many are to be sent once the server is back")
    arguments = parser.parse_args()
    for name in mixed.WORKERS:
        if not executable(name, arguments.preset).exists():
            sys.exit(f"{executable(name, arguments.preset).relative_to(CHECKOUT)} is missing: ./dev build {arguments.preset}")
    if arguments.what == "backlog":
        with mixed.soaked_world(arguments.preset) as world:
            result = backlog.run(
                world, arguments.stall, arguments.count, arguments.bytes, arguments.finish, arguments.seconds or 30, arguments.budget)
    else:
        result = mixed.run(arguments.preset, arguments.seconds or 1200, arguments.rate, arguments.every, samples=arguments.samples)
    print(json.dumps(result, indent=1)) if arguments.json else show(result)
    return 1 if result["complaints"] else 0


if __name__ == "__main__":
    sys.exit(main())
