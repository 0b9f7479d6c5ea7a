"""`./dev bench`: measures on private servers and prints one table; every row has beside it what the same run measured.

    ./dev bench [GROUP...] [--quick] [--json | --markdown]

Without a group, all of them: about half an hour, with --quick a few minutes. docs/benchmarks.md tells what the rows mean.
"""

import argparse
import os
import pathlib
import platform
import subprocess
import sys

import backlog
import deletion
import distance
import growth
import latency
import pieces
import scaling
from dev_stack.places import CHECKOUT, program
from mail_load import TOOLS
from rows import Progress, as_json, as_markdown, as_text
from world import scratch_folder

GROUPS = {"email": backlog, "distance": distance, "latency": latency, "growth": growth, "deletion": deletion, "scaling": scaling,
          "pieces": pieces}


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "none"


def machine():
    """Where and what was measured."""
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    models = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(), "processor": models[0] if models else platform.machine(),
        "system": f"{release['PRETTY_NAME'].strip(chr(34))}, Linux {platform.release()}",
        "compiler": first_line("g++", "--version"), "nats": first_line(program("nats-server"), "--version"),
        "postgres": first_line(program("postgres"), "--version"), "redis": first_line(program("redis-server"), "--version"),
        "node": first_line("node", "--version"), "commit": first_line("git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"),
        "load before": round(os.getloadavg()[0], 2),
    }


def setting(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of: {' '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="small numbers: whether it works, not how fast it is")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--markdown", action="store_true", help="the table as docs/benchmarks.md has it")
    parser.add_argument("--bytes", type=int, default=1024, help="of an e-mail's body")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", type=setting,
                        help="a setting of the worker; may be repeated")
    sizes = sorted({name for group in GROUPS.values() for name, value in group.FULL.items() if isinstance(value, int)})
    for name in sizes:
        users = ", ".join(f"{label} {group.FULL[name]:,}" for label, group in GROUPS.items() if name in group.FULL)
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"otherwise: {users}")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.groups if name not in GROUPS]
    if unknown:
        parser.error(f"{unknown[0]!r} is not a group: {' '.join(GROUPS)}")
    arguments.sizes = {name: getattr(arguments, name) for name in sizes if getattr(arguments, name) is not None}
    return arguments


def main():
    arguments = parse()
    if not (TOOLS / "bench-sink").exists():
        sys.exit("the benchmark's programs are missing: ./dev bench builds them")
    about, rows, progress = machine(), [], Progress()
    for name in arguments.groups or GROUPS:
        group = GROUPS[name]
        sizes = {**(group.QUICK if arguments.quick else group.FULL), "bytes": arguments.bytes, "settings": dict(arguments.settings)}
        sizes.update({size: value for size, value in arguments.sizes.items() if size in group.FULL})
        with scratch_folder() as folder:
            rows += group.measure(folder, sizes, progress.tell)
    progress.end()
    if arguments.quick:
        for row in rows:
            row.reached = None  # Too small to tell.
    if arguments.json:
        print(as_json(rows, about))
        return
    separator = "\n\n" if arguments.markdown else "\n"
    print("; ".join(f"{name}: {value}" for name, value in about.items()), end=separator)
    print(as_markdown(rows) if arguments.markdown else as_text(rows))


if __name__ == "__main__":
    main()
