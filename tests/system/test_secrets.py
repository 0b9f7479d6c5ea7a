"""Secrets, in every place where somebody could read them."""

import os
import pathlib
import signal

import pytest

from dev_stack.places import executable
from dev_stack.process import wait_until
from world import PATIENCE

SECRETS = {name: f"open-sesame-{name}" for name in ("postgres", "nats", "redis", "smtp")}


def with_secrets(world):
    """Each server gets a password. Redis and the mail server know none and refuse it; the others let everybody in."""
    stack = world.stack
    return {
        "DATABASE_URL": stack.postgres.url().replace("@", f":{SECRETS['postgres']}@", 1),
        "NATS_URL": f"nats://chatear:{SECRETS['nats']}@127.0.0.1:{stack.nats.port}",
        "REDIS_URL": f"redis://:{SECRETS['redis']}@127.0.0.1:{stack.redis.port}",
        "SMTP_USER": "chatear", "SMTP_PASS": SECRETS["smtp"], "SMTP_TLS": "off",
        "EMAIL_RATE_PER_RECIPIENT": "5/1m",
    }


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_they_stand_in_no_log_page_or_argument_also_where_servers_refuse_them(world, log_format):
    given = with_secrets(world)
    assert SECRETS["postgres"] in given["DATABASE_URL"]
    worker = world.worker(LOG_FORMAT=log_format, LOG_LEVEL="debug", **given)
    wait_until(lambda: "AUTH" in worker.log() and "authentication" in worker.log(), PATIENCE,
               lambda: f"Redis and the mail server refuse:\n{worker.log()}")
    arguments = pathlib.Path(f"/proc/{worker.pid}/cmdline").read_bytes().decode()
    seen = {"log": worker.log(), "arguments": arguments}
    if log_format == "json":
        seen.update({path: worker.get(path)[1] for path in ("/metrics", "/readyz", "/healthz")})
    told = world.chatear("doctor", check=False, **given)
    shown = world.chatear("config", check=False, **given)
    seen.update(doctor=told.stdout + told.stderr, config=shown.stdout + shown.stderr)
    for place, text in seen.items():
        assert text, place
        for secret in SECRETS.values():
            assert secret not in text, f"{place}:\n{text}"


def core_is_dumped(arguments, environment, folder, begun):
    """Whether the kernel writes a core dump of this process when it crashes, once `begun` holds of its output."""
    script = 'cd "$1" && ulimit -c unlimited && shift && exec "$@" >output 2>&1'
    output = folder / "output"
    output.unlink(missing_ok=True)
    silent, writer = os.pipe()
    pid = os.posix_spawn(
        "/bin/sh", ["sh", "-c", script, "sh", str(folder), *map(str, arguments)], environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, silent, 0)])
    try:
        wait_until(lambda: output.exists() and begun(output.read_text()), PATIENCE, "it runs")
    finally:
        os.kill(pid, signal.SIGABRT)
        _, status = os.waitpid(pid, 0)
        os.close(silent)
        os.close(writer)
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def test_a_crash_leaves_them_in_no_core_dump(world, tmp_path):
    environment = world.environment()
    if not core_is_dumped(["sh", "-c", "echo here; sleep 60; true"], environment, tmp_path, bool):
        pytest.skip("this machine writes no core dumps")
    worker = executable("notification-worker", world.preset)
    assert not core_is_dumped([worker], environment, tmp_path, lambda text: '"ready"' in text)
    tool = executable("chatear", world.preset)
    reads = [tool, "--verbose", "publish", "email.send", "--file", "-"]
    assert not core_is_dumped(reads, environment, tmp_path, lambda text: "NATS connected" in text)
