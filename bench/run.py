"""`./dev bench`: measures on private servers and prints one table; every row is a ratio within the run.

    ./dev bench email [--count 20000] [--bytes 1024] [--set SMTP_CONNECTIONS=16 ...]
    ./dev bench deletion [--count 20000] [--scheduled 1000000]

`email` lets the worker send a backlog to Postfix's smtp-sink, and Postfix's own load generator,
smtp-source, send as many to the same sink right after it. `deletion` is in deletion.py.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import deletion
from dev_stack.nats_client import NatsClient
from dev_stack.places import CHECKOUT, executable, free_port
from dev_stack.process import Process, wait_until
from dev_stack.stack import Stack
from dev_stack.worker import start_worker

UNPACKED = CHECKOUT / ".dev" / "unpacked"


def postfix_program(name):
    """smtp-sink and smtp-source come from Debian's postfix package, unpacked and never installed."""
    subprocess.run(["sh", str(CHECKOUT / "tests/support/unpack_mail_servers.sh")], check=True)
    root = UNPACKED / "postfix"
    libraries = [str(folder) for folder in (root / "usr/lib/postfix", *root.glob("usr/lib/*-linux-gnu"))]
    found = next((path for path in root.rglob(name) if path.is_file() and os.access(path, os.X_OK)), None)
    if found is None:
        raise FileNotFoundError(f"{name} is not in the unpacked postfix package")
    return found, {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


def start_sink(folder):
    port = free_port()
    sink, environment = postfix_program("smtp-sink")
    who = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = Process.start("smtp-sink", [sink, *who, f"127.0.0.1:{port}", "1000"], folder / "sink.log", env=environment)
    return process, port


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def publish_backlog(stack, count, size):
    body = "x" * 60 + "\n"
    body = (body * (size // len(body) + 1))[:size]
    with NatsClient(stack.nats.port) as client:
        for number in range(count):
            event = {"recipient": f"u{number}@example.test", "subject": f"Message {number}", "body": body}
            client.publish("email.send", event, {"Nats-Msg-Id": f"bench-{number}"})
            if number % 1000 == 999:
                client.flush()
        client.flush()
        return client.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]


def sent(stack):
    import psycopg

    with psycopg.connect(stack.postgres.url()) as connection:
        return connection.execute("SELECT count(*) FROM email_sends WHERE status = 'sent'").fetchone()[0]


def in_stream(client):
    return client.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]


def measure_worker(stack, folder, sink_port, count, size, settings):
    environment = stack.environment(SMTP_PORT=str(sink_port), MIGRATE="true", LOG_FORMAT="json", **settings)
    # The first run makes tables and streams; the measured one finds the backlog waiting.
    first = start_worker("notification-worker", environment, folder / "first.log")
    wait_until(lambda: '"message":"ready"' in first.log_text(), 60, first.log_text)
    first.stop()
    waiting = publish_backlog(stack, count, size)
    if waiting != count:
        raise RuntimeError(f"{waiting} of {count} events are in the stream")
    worker = start_worker("notification-worker", environment, folder / "worker.log")
    began = time.monotonic()
    with NatsClient(stack.nats.port) as client:
        wait_until(lambda: in_stream(client) == 0, 600, lambda: worker.log_text()[-2000:])
    took = time.monotonic() - began
    cpu, memory = cpu_seconds(worker.pid), peak_memory_mib(worker.pid)
    worker.stop()
    done = sent(stack)
    if done != count:
        raise RuntimeError(f"{done} of {count} e-mails are sent in the ledger")
    return count / took, 1e6 * cpu / count, memory


def measure_smtp_source(sink_port, count, size):
    source, environment = postfix_program("smtp-source")
    began = time.monotonic()
    subprocess.run([str(source), "-d", "-s", "16", "-l", str(size), "-m", str(count), f"127.0.0.1:{sink_port}"],
                   check=True, env=environment, stdout=subprocess.DEVNULL)
    return count / (time.monotonic() - began)


def bench_email(arguments):
    with tempfile.TemporaryDirectory(prefix="chatear-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        stack = Stack(folder, safe=True)
        for server in (stack.postgres, stack.nats, stack.redis):
            server.start()
        sink, sink_port = start_sink(folder)
        try:
            wait_until(lambda: sink.alive(), 10, sink.log_text)
            rate, cpu, memory = measure_worker(
                stack, folder, sink_port, arguments.count, arguments.bytes, dict(arguments.settings))
            source = measure_smtp_source(sink_port, arguments.count, arguments.bytes)
        finally:
            sink.stop()
            for server in (stack.redis, stack.nats, stack.postgres):
                server.stop()
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
    with tempfile.TemporaryDirectory(prefix="chatear-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        result = deletion.measure(folder, arguments.count, arguments.scheduled)
    if arguments.json:
        print(json.dumps(result))
    else:
        deletion.report(result)


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
    arguments = parser.parse_args()
    if not arguments.needs.exists():
        sys.exit(f"{arguments.needs.relative_to(CHECKOUT)} is missing: ./dev build")
    arguments.run(arguments)


if __name__ == "__main__":
    main()
