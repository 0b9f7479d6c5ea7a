"""The operator's tool."""

import json

import pytest

from world import mail_event

GROUPS = ["doctor", "config", "migrate", "publish", "emails", "dlq", "outbox", "templates"]


@pytest.mark.parametrize("group", GROUPS)
def test_help_shows_an_example(chatear, group):
    assert f"chatear {group}" in chatear(group, "--help").stdout


def test_migrations_are_listed_before_they_are_applied(world, chatear):
    assert "delivery" in chatear("migrate", "status").stdout
    world.sql("DROP SCHEMA public CASCADE")
    world.sql("CREATE SCHEMA public")
    assert "delivery" in chatear("migrate", "up", "--dry-run").stdout
    assert world.sql("SELECT to_regclass('outbox')") == [(None,)]
    chatear("migrate", "up")
    assert world.sql("SELECT to_regclass('outbox') IS NOT NULL") == [(True,)]
    assert chatear("migrate", "up").returncode == 0


def test_doctor_names_what_is_well_and_what_is_not(world, chatear):
    world.ready_worker()
    well = chatear("doctor").stdout
    for name in ("nats", "postgres", "redis", "smtp"):
        assert name in well.lower()
    world.stack.redis.stop()
    ill = chatear("doctor", check=False)
    assert ill.returncode != 0
    assert str(world.stack.redis.port) in ill.stdout + ill.stderr


def test_config_shows_what_is_in_force_and_no_secret(chatear):
    shown = chatear("config", SMTP_USER="me", SMTP_PASS="open-sesame").stdout
    assert "SMTP_PASS" in shown
    assert "open-sesame" not in shown
    json.loads(chatear("config", "--json").stdout)


def test_an_event_is_published_and_its_mail_is_listed(world, chatear):
    world.ready_worker()
    chatear("publish", "email.send", json.dumps(mail_event()))
    world.wait_for_mails(1)
    world.wait_settled()
    assert "event-1" in json.dumps(json.loads(chatear("emails", "list", "--json").stdout))
    assert "sent" in chatear("emails", "show", "event-1").stdout


def test_a_dead_letter_is_listed_shown_replayed_and_gone(world, chatear):
    world.ready_worker()
    world.publish(mail_event(recipient="refuse-550@example.test"))
    world.wait_for_dead_letters(1)
    listed = json.loads(chatear("dlq", "list", "--json").stdout)
    assert "event-1" in json.dumps(listed)
    assert "550" in chatear("dlq", "list").stdout
    world.stack.mail.stop()
    chatear("dlq", "replay", "--limit", "1")
    assert world.sql("SELECT generation FROM email_sends") == [(1,)]
    assert world.dead_letters() == []


def test_dead_letters_are_purged_as_many_as_told(world, chatear):
    world.ready_worker()
    world.publish(b"{", b"[", b"]")
    world.wait_for_dead_letters(3)
    chatear("dlq", "purge", "--limit", "2", "--yes")
    assert len(world.dead_letters()) == 1


def test_templates_are_listed_checked_and_rendered(chatear):
    assert "welcome" in chatear("templates", "list").stdout
    assert chatear("templates", "check").returncode == 0
    assert "Ann" in chatear("templates", "render", "welcome", "--data", '{"name": "Ann"}').stdout


def test_an_empty_outbox_is_listed(chatear):
    assert json.loads(chatear("outbox", "list", "--json").stdout) == []


def test_what_is_not_known_is_refused_with_a_hint(chatear):
    refused = chatear("dlq", "sing", check=False)
    assert refused.returncode != 0
    assert "--help" in refused.stdout + refused.stderr
