import re
import shutil
import subprocess

import pytest

from dev_stack.places import CHECKOUT
from world import mail_event


def test_an_event_becomes_one_mail(world):
    worker = world.ready_worker()
    world.publish({"recipient": "ann@example.test", "subject": "Grüße", "body": "Hallo Ann,\n\n.ein Punkt\n"})
    [mail] = world.wait_for_mails(1)
    assert mail["To"] == "ann@example.test"
    assert mail["Subject"] == "Grüße"
    assert mail["From"] == "Chatear <no-reply@chatear.test>"
    assert mail["Message-ID"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Hallo Ann,\n\n.ein Punkt\n"
    world.wait_settled()
    [row] = world.sql("SELECT status, recipient, message_id, sent_at IS NOT NULL FROM email_sends")
    assert row == ("sent", "ann@example.test", mail["Message-ID"], True)
    assert worker.terminate() == 0
    assert len(world.mails()) == 1


def test_health_and_metrics_are_served(world):
    worker = world.ready_worker()
    assert worker.get("/healthz")[0] == 200
    assert worker.get("/nothing-here")[0] == 404
    world.publish(mail_event())
    world.wait_for_mails(1)
    world.wait_settled()
    status, text = worker.get("/metrics")
    assert status == 200
    assert "# HELP chatear_" in text
    assert worker.metric("chatear_events_total") == 1
    assert worker.metric("chatear_dependency_up") >= 5
    explained = (CHECKOUT / "docs/operations.md").read_text()
    assert [name for name in re.findall(r"^# HELP (\S+)", text, re.MULTILINE) if f"`{name}`" not in explained] == []


def test_promtool_takes_the_metrics(world):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not there: ./dev test unpacks it from Debian's prometheus")
    worker = world.ready_worker()
    world.publish(mail_event(1), mail_event(2, recipient="refuse-550@example.test"))
    world.wait_for_mails(1)
    world.wait_for_dead_letters(1)
    world.wait_settled()
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=worker.get("/metrics")[1], capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_an_international_domain_arrives_and_an_international_name_needs_smtputf8(world):
    world.ready_worker()
    world.publish(mail_event(1, recipient="Änn <ann@Bücher.test>"), mail_event(2, recipient="änn@example.test"))
    [mail] = world.wait_for_mails(1)
    assert mail["To"] == "Änn <ann@xn--bcher-kva.test>"
    [(_, headers, _)] = world.wait_for_dead_letters(1)
    assert "SMTPUTF8" in headers
    world.wait_settled()
    world.stack.mail.stop()
    world.stack.mail.options = ["--utf8"]
    world.stack.mail.start()
    world.publish(mail_event(3, recipient="änn@example.test", subject="Grüße"))
    mail = world.wait_for_mails(2)[-1]
    assert mail["To"] == "änn@example.test"
    assert mail["Subject"] == "Grüße"


def test_addresses_stand_in_no_log_line(world):
    worker = world.ready_worker()
    world.publish(mail_event(7))
    world.wait_for_mails(1)
    world.wait_settled()
    assert "user7@example.test" not in worker.log()
    assert any(line.get("recipient_domain") == "example.test" for line in worker.lines())


def test_an_event_published_while_no_worker_runs_waits(world):
    first = world.ready_worker()
    assert first.terminate() == 0
    world.publish(mail_event())
    world.ready_worker()
    world.wait_for_mails(1)


def test_a_later_time_is_waited_for(world):
    world.ready_worker()
    [[later]] = world.sql("SELECT to_char((now() + interval '3 s') AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    world.publish(mail_event(1, send_at=later), mail_event(2))
    world.wait_for_mails(2)
    [[early]] = world.sql("SELECT count(*) FROM email_sends WHERE event_id = 'event-1' AND sent_at < %s::timestamptz", later)
    assert early == 0
