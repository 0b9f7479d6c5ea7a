"""What `./dev bench` measures with (the mail server that checks, the road that takes time), and that it measures."""

import json
import os
import smtplib
import socket
import subprocess
import sys
import time

import pytest

from dev_stack.places import CHECKOUT, free_port
from dev_stack.process import Process, wait_until

sys.path.append(str(CHECKOUT / "bench"))
from mail_body import body_of
from rows import Row, as_json, as_markdown, as_text

PRESET = os.environ.get("CHATEAR_PRESET", "release")
TOOLS = CHECKOUT / "build" / PRESET / "bench"


class Tool:
    def __init__(self, name, folder, *arguments):
        self.port = free_port()
        self.process = Process.start(name, [TOOLS / name, f"127.0.0.1:{self.port}", *arguments], folder / f"{name}.log")
        wait_until(lambda: "listening" in self.process.log_text(), 10, self.process.log_text)

    def report(self):
        self.process.stop()
        return json.loads(self.process.log_text().splitlines()[-1])


@pytest.fixture
def sink(tmp_path):
    found = Tool("bench-sink", tmp_path, "--times", str(tmp_path / "times"))
    yield found
    found.process.stop()


def message(number, body):
    """With CRLF, as it stands after 354 but for the dots."""
    text = f"From: shop@a.test\nTo: u{number}@b.test\nMessage-ID: <{number}@a.test>\n\n{body}"
    return text.replace("\n", "\r\n").encode()


def in_chunk(number, content):
    envelope = f"RSET\r\nMAIL FROM:<shop@a.test>\r\nRCPT TO:<u{number}@b.test>\r\nBDAT {len(content)} LAST\r\n"
    return envelope.encode() + content


def talk(port, bytes_of_client, piece, replies):
    """Writes pieces of that size, and reads so many lines."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for begin in range(0, len(bytes_of_client), piece):
            connection.sendall(bytes_of_client[begin:begin + piece])
        lines = connection.makefile("rb")
        return [lines.readline()[:3].decode() for _ in range(replies)]


def test_counts_what_arrives_by_data(sink, tmp_path):
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        for number in range(3):
            client.sendmail("shop@a.test", [f"u{number}@b.test"], message(number, body_of(number, 1024)))
        with pytest.raises(smtplib.SMTPDataError, match="wrong_checksum"):
            client.sendmail("shop@a.test", ["u3@b.test"], message(3, body_of(3, 1024).replace("x", "y", 1)))
        client.sendmail("shop@a.test", ["u2@b.test"], message(2, body_of(2, 1024)))
    report = sink.report()
    assert (report["messages"], report["distinct_message_ids"], report["distinct_bodies"], report["bad"]) == (5, 4, 3, 1)
    assert report["in_chunks"] == 0
    lines = (tmp_path / "times").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["0", "1", "2", "2"]
    assert sorted(lines, key=lambda line: int(line.split()[0])) == lines


@pytest.mark.parametrize("piece", [1 << 20, 700, 7])
def test_takes_windows_of_chunks_and_finds_one_corrupted_byte(sink, piece):
    whole = b"".join(in_chunk(number, message(number, body_of(number, 1024))) for number in range(20))
    assert talk(sink.port, whole, piece, 1 + 80) == ["220", *["250"] * 80]
    corrupted = bytearray(whole)
    corrupted[whole.index(b"xxxx")] ^= 1
    assert talk(sink.port, bytes(corrupted), piece, 1 + 80).count("554") == 1
    report = sink.report()
    assert (report["messages"], report["distinct_message_ids"], report["distinct_bodies"], report["bad"]) == (40, 20, 20, 1)
    assert (report["in_chunks"], report["connections"], report["refused_commands"]) == (40, 2, 0)
    assert report["faults"] == {"wrong_checksum": 1}


def test_tells_who_sends_before_he_may(sink):
    begin = b"EHLO me\r\n"
    with socket.create_connection(("127.0.0.1", sink.port), timeout=20) as connection:
        connection.sendall(begin + b"MAIL FROM:<>\r\n")
        said = connection.makefile("rb").read()
    assert b"554 5.5.0" in said
    assert sink.report()["refused_commands"] == 1


def test_a_run_without_trailers_is_for_others_messages(tmp_path):
    plain = Tool("bench-sink", tmp_path, "--no-trailers")
    with smtplib.SMTP("127.0.0.1", plain.port) as client:
        client.sendmail("a@a.test", ["b@b.test"], "Message-Id: <1@a.test>\r\n\r\nXXXX\r\n")
    report = plain.report()
    assert (report["messages"], report["bad"]) == (1, 0)


def test_a_road_of_10_ms_takes_time_and_nothing_else(sink, tmp_path):
    road = Tool("bench-delay", tmp_path, f"127.0.0.1:{sink.port}", "10ms")
    try:
        with socket.create_connection(("127.0.0.1", road.port), timeout=20) as connection:
            lines = connection.makefile("rb")
            lines.readline()

            def median_of_twenty():
                times = []
                for _ in range(20):
                    began = time.monotonic()
                    connection.sendall(b"NOOP\r\n")
                    lines.readline()
                    times.append(time.monotonic() - began)
                assert min(times) >= 0.020
                return sorted(times)[10]

            # Again where another process had the processors meanwhile.
            wait_until(lambda: median_of_twenty() < 0.030, 30, "a round trip takes hardly more than its 20 ms")
            whole = b"".join(in_chunk(number, message(number, body_of(number, 1024))) for number in range(2000))
            began = time.monotonic()
            connection.sendall(whole + b"QUIT\r\n")
            assert lines.read().count(b"250 2.0.0 ok\r\n") == 4000
            assert time.monotonic() - began < 2  # 100 round trips' worth: many bytes are on their way at once.
    finally:
        road.process.stop()
    report = sink.report()
    assert (report["distinct_bodies"], report["bad"]) == (2000, 0)


def test_one_table_with_a_row_for_each_figure():
    sizes = {"count": 300, "peer-count": 100, "events": 20, "pipelining-count": 100, "chunking-count": 100, "distant-peer-count": 30}
    arguments = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, CHECKOUT / "bench" / "run.py", "email", "distance", "latency", "--quick", "--json", *arguments],
        env={**os.environ, "CHATEAR_BENCH_PRESET": PRESET}, check=True, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""  # Progress is for a terminal.
    found = json.loads(done.stdout)
    assert found["machine"]["cores"] == os.cpu_count()
    rows = found["rows"]
    assert len(rows) >= 10
    assert all(row["value"] > 0 for row in rows)
    asked = [row for row in rows if row["target"]]
    assert len(asked) == 7
    compared = [row for row in rows if "Node.js" not in row["beside"]]
    assert all(row["ratio"] or "CPU" in row["what"] or "memory" in row["what"] for row in compared)


def test_a_group_that_is_not_there_is_an_error():
    done = subprocess.run([sys.executable, CHECKOUT / "bench" / "run.py", "speed"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "'speed' is not a group: email" in done.stderr


def test_the_table_says_plainly_what_was_not_reached():
    rows = [Row("a group", "few wait", 10_500.4, "/s", "smtp-source", 5_250.2, 2.0, "2.3 times", False, "processors"),
            Row("a group", "peak memory", 27.96, "MiB", target="at most 32 MiB", reached=True),
            Row("another", "connections", 15, "", "nats 1, redis 1", target="few")]
    text = as_text(rows).splitlines()
    assert text[1] == "a group"
    assert text[2].split() == "few wait 10,500 /s 5,250 /s: smtp-source 2.00 2.3 times: NOT reached processors".split()
    assert "28.0 MiB" in text[3] and text[3].endswith("at most 32 MiB: reached")
    assert text[4:] == ["another", text[5]]
    assert "15  nats 1, redis 1" in text[5] and "reached" not in text[5]
    assert as_markdown(rows).splitlines()[3] == "| few wait | 10,500 /s | 5,250 /s: smtp-source | 2.00 | 2.3 times: NOT reached | processors |"
    assert json.loads(as_json(rows, {"cores": 2}))["rows"][0]["reached"] is False
