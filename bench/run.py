"""`./dev bench`: measures on private servers and prints one table; every row is a ratio within the run.

    ./dev bench email [--count 20000] [--bytes 1024] [--set SMTP_CONNECTIONS=16 ...]
    ./dev bench deletion [--count 20000] [--scheduled 1000000]
    ./dev bench scaling [--users 100000] [--count 20000] [--rounds 3]

`email` lets the worker send a backlog to Postfix's smtp-sink, and Postfix's own load generator,
smtp-source, send as many to the same sink right after it. `deletion` and `scaling` are in files of these names.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import deletion
import scaling
from dev_stack.nats_client import NatsClient
from dev_stack.places import CHECKOUT, executable
from dev_stack.process import stat_fields, wait_until
from dev_stack.stack import Stack
from dev_stack.worker import start_worker
from mail_load import (in_stream, make_tables_and_streams, must_be_sent, postfix_program, publish_backlog, start_servers, start_sink,
                       stop_servers)


@contextlib.contextmanager
def scratch_folder():
    """One that PostgreSQL's user may enter, too."""
    with tempfile.TemporaryDirectory(prefix="chatear-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


def tell(result, arguments, report):
    if arguments.json:
        print(json.dumps(result))
    else:
        report(result)


def cpu_seconds(pid):
    fields = stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure_worker(stack, folder, sink_port, count, size, settings):
    environment = stack.environment(SMTP_PORT=str(sink_port), LOG_FORMAT="json", **settings)
    make_tables_and_streams(environment, folder)
    publish_backlog(stack, count, size)
    worker = start_worker("notification-worker", environment, folder / "worker.log")
    began = time.monotonic()
    with NatsClient(stack.nats.port) as client:
        wait_until(lambda: in_stream(client) == 0, 600, lambda: worker.log_text()[-2000:])
    took = time.monotonic() - began
    cpu, memory = cpu_seconds(worker.pid), peak_memory_mib(worker.pid)
    worker.stop()
    must_be_sent(stack, count)
    return count / took, 1e6 * cpu / count, memory


def measure_smtp_source(sink_port, count, size):
    source, environment = postfix_program("smtp-source")
    began = time.monotonic()
    subprocess.run([str(source), "-d", "-s", "16", "-l", str(size), "-m", str(count), f"127.0.0.1:{sink_port}"],
                   check=True, env=environment, stdout=subprocess.DEVNULL)
    return count / (time.monotonic() - began)


def bench_email(arguments):
    with scratch_folder() as folder:
        stack = Stack(folder, safe=True)
        start_servers(stack)
        sink, sink_port = start_sink(folder)
        try:
            rate, cpu, memory = measure_worker(
                stack, folder, sink_port, arguments.count, arguments.bytes, dict(arguments.settings))
            source = measure_smtp_source(sink_port, arguments.count, arguments.bytes)
        finally:
            sink.stop()
            stop_servers(stack)
    result = {"count": arguments.count, "bytes": arguments.bytes, "settings": dict(arguments.settings), "emails_per_second": round(rate),
              "smtp_source_per_second": round(source), "ratio": round(rate / source, 3),
              "cpu_us_per_email": round(cpu, 1), "peak_memory_mib": round(memory, 1)}
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"backlog of {arguments.count} e-mails of {arguments.bytes} bytes, all guarantees on, one process")
    for label, value in (("e-mails a second", f"{rate:,.0f}"), ("smtp-source -d -s 16, same sink", f"{source:,.0f}"),
                         ("ratio", f"{rate / source:.2f}"), ("own CPU an e-mail", f"{cpu:.0f} us"),
                         ("peak memory", f"{memory:.0f} MiB")):
        print(f"  {label:34}{value:>12}")


def bench_deletion(arguments):
    with scratch_folder() as folder:
        result = deletion.measure(folder, arguments.count, arguments.scheduled)
    tell(result, arguments, deletion.report)


def bench_scaling(arguments):
    with scratch_folder() as folder:
        result = scaling.measure(folder, arguments.users, arguments.count, arguments.rounds)
    tell(result, arguments, scaling.report)


def setting(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    benchmarks = parser.add_subparsers(required=True, dest="benchmark")
    email = benchmarks.add_parser("email", help="a backlog of e-mails against smtp-source")
    email.add_argument("--count", type=int, default=20_000)
    email.add_argument("--bytes", type=int, default=1024)
    email.add_argument("--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", type=setting,
                       help="a setting of the worker; may be repeated")
    email.add_argument("--json", action="store_true")
    email.set_defaults(run=bench_email, needs=executable("notification-worker"))
    deletions = benchmarks.add_parser("deletion", help="intake with the audit chain, a scheduler's pass, a verification")
    deletions.add_argument("--count", type=int, default=20_000)
    deletions.add_argument("--scheduled", type=int, default=1_000_000)
    deletions.add_argument("--json", action="store_true")
    deletions.set_defaults(run=bench_deletion, needs=deletion.BENCH)
    scales = benchmarks.add_parser("scaling", help="connections and Redis memory, and what a second process brings")
    scales.add_argument("--users", type=int, default=100_000)
    scales.add_argument("--count", type=int, default=20_000)
    scales.add_argument("--rounds", type=int, default=3)
    scales.add_argument("--json", action="store_true")
    scales.set_defaults(run=bench_scaling, needs=executable("user-delete-worker"))
    arguments = parser.parse_args()
    if not arguments.needs.exists():
        sys.exit(f"{arguments.needs.relative_to(CHECKOUT)} is missing: ./dev build")
    arguments.run(arguments)


if __name__ == "__main__":
    main()
