"""Publishing by the operator's tool."""

import json
import signal
import subprocess

from dev_stack.places import executable
from dev_stack.process import wait_until


def stored(tool):
    with tool.nats() as nats:
        return [(head, json.loads(body)) for _, head, body in nats.messages("NOTIFICATIONS")]


def test_one_event_is_acknowledged_with_its_headers(tool):
    done = tool.json("publish", "email.send", '{"a": 1}', "--event-id", "hello", "--header", "X-A: b: c")
    assert done["published"] == 1 and done["stream"] == "NOTIFICATIONS"
    (head, body), = stored(tool)
    assert body == {"a": 1}
    assert "Chatear-Event-Id: hello\r\n" in head and "X-A: b: c\r\n" in head and "Nats-Msg-Id: " in head


def test_many_are_made_from_a_pattern(tool):
    tool.chatear("publish", "email.send", "--count", "1000", "--template-json", '{"event_id": "e-{n}"}')
    assert {body["event_id"] for _, body in stored(tool)} == {f"e-{n}" for n in range(1, 1001)}


def test_plain_publishes_are_captured_too(tool):
    tool.chatear("publish", "email.send", "--core", "--count", "50", "--template-json", '{"event_id": "e-{n}"}')
    wait_until(lambda: len(stored(tool)) == 50, 30, "NATS, which answers before it has stored, has them all")


def test_a_file_is_published_line_by_line_and_not_twice_in_one_run(tool, tmp_path):
    events = tmp_path / "events.jsonl"
    events.write_text("".join(f'{{"n": {n}}}\n' for n in range(20)))
    first = tool.json("publish", "email.send", "--file", str(events))
    again = tool.json("publish", "email.send", "--file", str(events), "--run", first["run"], "--skip", "15")
    assert (again["published"], again["duplicates"]) == (5, 5)
    assert len(stored(tool)) == 20


def test_a_slow_writer_is_published_as_it_goes_and_can_be_interrupted(tool):
    process = subprocess.Popen(
        [executable("chatear", tool.preset), "publish", "email.send", "--file", "-"], env=tool.environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for number in range(3):
        process.stdin.write(f'{{"n": {number}}}\n')
        process.stdin.flush()
        wait_until(lambda count=number + 1: len(stored(tool)) == count, 30, "it is in the stream while the writer goes on")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 1
    process.stdin.close()
    assert "--skip 3" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


def test_a_wrong_line_is_named_and_the_way_to_go_on_is_said(tool, tmp_path):
    events = tmp_path / "events.jsonl"
    events.write_text('{"n": 1}\n{"n": 2}\nrubbish\n{"n": 4}\n')
    done = tool.chatear("publish", "email.send", "--file", str(events), check=False)
    assert done.returncode == 2
    assert "line 3" in done.stderr and "--skip 2" in done.stderr and "--run" in done.stderr
    assert len(stored(tool)) == 2


def test_a_subject_without_a_stream_is_an_outage(tool):
    done = tool.chatear("publish", "nobody.listens", "{}", check=False)
    assert done.returncode == 3
    assert "nobody.listens" in done.stderr


def test_too_large_is_refused(tool):
    done = tool.chatear("publish", "email.send", "--file", "/dev/stdin", check=False)
    assert done.returncode == 0
    huge = tool.stack.folder / "huge.jsonl"
    huge.write_text(json.dumps({"body": "x" * 2_000_000}) + "\n")
    done = tool.chatear("publish", "email.send", "--file", str(huge), check=False)
    assert done.returncode == 1
    assert "message 1" in done.stderr


def test_ctrl_c_says_how_to_go_on(tool):
    process = subprocess.Popen(
        [executable("chatear", tool.preset), "publish", "email.send", "--window", "4", "--count", "10000000", "--template-json", '{"n": {n}}'],
        env=tool.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with tool.nats() as nats:
        wait_until(lambda: nats.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"] > 10, 30, "messages arrive")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    with tool.nats() as nats:
        count = nats.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]
    assert f"--skip {count}\n" in errors
