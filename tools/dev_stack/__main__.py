"""`./dev up`, `down`, `status`, `logs`, `psql` and `chatear`."""

import argparse
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request

from .first_deletion import show_first_deletion
from .first_mail import show_first_mail
from .places import DEV, executable, free_port, is_free, program
from .process import Process, wait_until
from .stack import KEPT, development_stack, kept_environment, noted
from .worker import WORKERS, http_address, start_worker

PORTS = DEV / "run" / "ports.json"
ENVIRONMENT = DEV / "env"
NAMES = ["postgres", "nats", "redis", "mail"]


def names():
    return [*NAMES, *WORKERS]


def known_ports():
    try:
        return json.loads(PORTS.read_text())
    except (OSError, ValueError):
        return {}


def up(arguments):
    running = [name for name in names() if noted(name)]
    if running:
        print(f"already up ({', '.join(running)}): ./dev status shows it, ./dev down stops it")
        return 1
    # A service manager's SIGTERM takes everything down as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        start_everything()
        if arguments.detach:
            print("\n./dev down stops it, ./dev status and ./dev logs show how it goes")
            return 0
        print("\nCtrl-C stops it")
        watch()
    except KeyboardInterrupt:
        print("\nstopping")
    except BaseException:
        take_down()
        raise
    take_down()
    return 0


def start_everything():
    ports = known_ports()
    page = ports.get("recovery page")
    if page is None or not is_free(page):
        page = free_port()
    stack = development_stack(ports)
    for server in stack.servers:
        server.start()
        server.process.save(DEV / "run" / f"{server.name}.json")
        print(f"{server.name:20} 127.0.0.1:{server.port}")
    PORTS.write_text(json.dumps({**{server.name: server.port for server in stack.servers}, "recovery page": page}))
    environment = stack.environment(
        MIGRATE="true", LOG_FORMAT="text", RECOVERY_LISTEN=f"127.0.0.1:{page}", RECOVERY_URL=f"http://127.0.0.1:{page}/recover")
    ENVIRONMENT.write_text(environment_text(environment))
    for name in WORKERS:
        process = start_worker(name, environment, DEV / f"{name}.log", ends_with_us=False)
        process.save(DEV / "run" / f"{name}.json")
        address = http_address(process)
        wait_until(lambda: is_ready(process, address), 30, lambda: f"{name} is ready\n{process.log_text()[-2000:]}")
        print(f"{name:20} http://{address}/healthz  http://{address}/readyz  http://{address}/metrics")
    show_first_mail(stack)
    show_first_deletion(stack)


def is_ready(process, address):
    if not process.alive():
        raise RuntimeError(f"{process.name} ended:\n{process.log_text()[-2000:]}")
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def watch():
    """Returns when something that we started has ended by itself."""
    started = {name: noted(name) for name in names()}
    while True:
        for name, process in started.items():
            if process is not None and not process.alive():
                print(f"{name} ended by itself; its log is {process.log}")
                return
        time.sleep(0.5)


def take_down():
    """Workers first, so that they drain while their servers still run."""
    stop_signals = {"postgres": signal.SIGINT}
    for name in reversed(names()):
        process = noted(name)
        if process is not None:
            process.stop(stop_signals.get(name, signal.SIGTERM))
            print(f"stopped {name}")
        (DEV / "run" / f"{name}.json").unlink(missing_ok=True)


def down(_):
    if not any(noted(name) for name in names()):
        print("nothing of ours runs")
    take_down()
    return 0


def status(_):
    ports = known_ports()
    missing = 0
    for name in names():
        process = noted(name)
        if process is None:
            missing += 1
            print(f"{name:20} not running")
        else:
            address = http_address(process) if name in WORKERS else f"127.0.0.1:{ports.get(name)}"
            print(f"{name:20} pid {process.pid:<8} {address}  {process.log}")
    return 0 if missing == 0 else 1


def logs(arguments):
    chosen = [arguments.name] if arguments.name else names()
    files = [Process.load(DEV / "run" / f"{name}.json") for name in chosen]
    paths = [str(process.log) for process in files if process is not None]
    if not paths:
        print("nothing was started: ./dev up")
        return 1
    os.execvp("tail", ["tail", "-n", "50", *(["-F"] if arguments.follow else []), *paths])


def psql(arguments):
    port = known_ports().get("postgres")
    if port is None or noted("postgres") is None:
        print("PostgreSQL does not run: ./dev up")
        return 1
    os.execv(program("psql"), ["psql", f"postgres://chatear@127.0.0.1:{port}/chatear", *arguments.rest])


def chatear(arguments):
    if not ENVIRONMENT.exists():
        print("nothing was started: ./dev up")
        return 1
    os.execve(executable("chatear"), ["chatear", *arguments.rest], tool_environment(ENVIRONMENT.read_text()))


def environment_text(environment):
    """The settings of what was started, for `./dev chatear`; one a line."""
    return "".join(f"{name}={value}\n" for name, value in environment.items() if name not in KEPT)


def tool_environment(text):
    """What `./dev chatear` runs with: never a setting of the shell's, which may be about real servers."""
    return {**kept_environment(), **dict(line.split("=", 1) for line in text.splitlines())}


def main():
    parser = argparse.ArgumentParser(prog="./dev")
    commands = parser.add_subparsers(required=True)
    for function in (up, down, status, logs, psql, chatear):
        command = commands.add_parser(function.__name__, add_help=function not in (psql, chatear))
        command.set_defaults(run=function)
        if function is up:
            command.add_argument("-d", dest="detach", action="store_true", help="return when all is up")
        elif function is logs:
            command.add_argument("name", nargs="?", choices=names())
            command.add_argument("-f", dest="follow", action="store_true", help="go on as more is written")
    # What belongs to psql or chatear is passed on as it is.
    arguments, rest = parser.parse_known_args()
    if rest and arguments.run not in (psql, chatear):
        parser.error(f"unknown: {' '.join(rest)}")
    arguments.rest = rest
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
