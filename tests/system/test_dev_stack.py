"""The servers that tests and `./dev up` start, themselves."""

import errno
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest

from dev_stack import stack as dev_stack_module
from dev_stack.__main__ import environment_text, tool_environment
from dev_stack.first_deletion import show_first_deletion
from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.places import free_port
from dev_stack.process import Process, children, start_ticks, wait_until
from dev_stack.stack import Stack


@pytest.fixture
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    for one in (folder, folder.parent, folder.parent.parent):
        one.chmod(0o755)
    found = Stack(folder)
    yield found
    found.remove()


def test_every_server_keeps_its_port_and_data_when_it_is_killed(stack):
    stack.start()
    with NatsClient(stack.nats.port) as nats:
        nats.api("STREAM.CREATE.T", {"name": "T", "subjects": ["t"]})
        nats.publish_to_stream("t", {"a": 1})
    for server in stack.servers:
        server.kill()
        assert not server.process.alive()
        server.start()
    with NatsClient(stack.nats.port) as nats:
        assert nats.messages("T") == [("t", "", b'{"a": 1}')]
        with pytest.raises(NatsError):
            nats.api("STREAM.INFO.NONE")


def test_a_frozen_server_accepts_and_says_nothing(stack):
    stack.redis.start()
    stack.redis.freeze()
    with pytest.raises(TimeoutError):
        stack.redis.answers()
    stack.redis.thaw()
    assert stack.redis.answers()


def test_a_pid_that_another_process_has_by_now_is_left_alone(tmp_path):
    child = subprocess.Popen(["sleep", "60"])
    ours = Process("sleep", child.pid, start_ticks(child.pid), tmp_path / "log")
    another = Process("sleep", child.pid, ours.ticks - 1, tmp_path / "log")
    ours.save(tmp_path / "ours.json")
    assert Process.load(tmp_path / "ours.json").alive()
    assert not another.alive()
    another.stop()
    assert child.poll() is None
    ours.send(signal.SIGKILL)
    child.wait()
    assert not ours.alive()
    assert Process.load(tmp_path / "none.json") is None


def test_what_was_started_ends_with_its_starter(tmp_path):
    program = (
        "import pathlib, time\n"
        "from dev_stack.process import Process\n"
        f"print(Process.start('sleep', ['sleep', '60'], {str(tmp_path / 'log')!r}).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    path = os.pathsep.join(sys.path)
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path})
    pid = int(starter.stdout.readline())
    assert start_ticks(pid) is not None
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: start_ticks(pid) is None, 10, "the sleeper ends")


def test_a_process_that_ends_while_its_stat_is_read_hides_no_other(monkeypatch):
    def gone(self, *_, **__):
        raise ProcessLookupError(errno.ESRCH, "No such process", str(self))

    with subprocess.Popen(["sleep", "60"]) as child:
        assert children(os.getpid()).count(child.pid) == 1
        with monkeypatch.context() as patched:
            patched.setattr(pathlib.Path, "stat", gone)
            assert children(os.getpid()).count(child.pid) == 1
            patched.setattr(pathlib.Path, "read_text", gone)
            assert children(os.getpid()) == [os.getpid()]
            assert start_ticks(child.pid) is None
        child.kill()


def test_the_tool_never_meets_the_servers_that_the_shell_is_about(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://production.test/")
    monkeypatch.setenv("SMTP_USER", "production")
    started = Stack(tmp_path).environment()
    environment = tool_environment(environment_text(started))
    assert environment == started
    assert "production" not in str(environment)


def test_a_port_that_somebody_has_taken_meanwhile_is_left_to_them(tmp_path, monkeypatch):
    monkeypatch.setattr(dev_stack_module, "DEV", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken, free = somebody.getsockname()[1], free_port()
        found = dev_stack_module.development_stack({"nats": taken, "redis": free})
    assert found.nats.port != taken
    assert found.redis.port == free


def test_up_shows_a_deletion_asked_for_told_and_recovered(world, deletions, capsys):
    page = free_port()
    deletions.ready_worker(
        RECOVERY_PERIOD=None, RECOVERY_LISTEN=f"127.0.0.1:{page}", RECOVERY_URL=f"http://127.0.0.1:{page}/recover")
    world.ready_worker()
    show_first_deletion(world.stack)
    shown = capsys.readouterr().out
    assert f"http://127.0.0.1:{page}/recover?token=" in shown
    assert "the deletion is cancelled, and told: Your Chatear account stays" in shown
