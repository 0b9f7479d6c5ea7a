"""What doctor says of servers that are well, ill, and gone."""

import json


def states(tool, *arguments, **environment):
    done = tool.chatear("doctor", "--json", *arguments, check=False, **environment)
    found = json.loads(done.stdout)
    return done.returncode, {service["service"]: service for service in found["services"]}


def texts(service):
    return "\n".join(finding["text"] for finding in service["findings"])


def test_all_services_are_well(tool):
    code, found = states(tool)
    assert code == 0
    assert list(found) == ["nats", "postgres", "redis", "smtp", "templates", "deletion", "state"]
    assert "problem" not in {service["state"] for service in found.values()}
    assert "PostgreSQL 1" in texts(found["postgres"])
    assert "fsync" in texts(found["postgres"])
    assert "no migration is pending" in texts(found["postgres"])
    assert "noeviction" in texts(found["redis"])
    assert "takes mail" in texts(found["smtp"])
    assert "welcome" not in texts(found["templates"]) and "templates in" in texts(found["templates"])


def test_each_dead_service_is_named_and_hides_no_other(tool):
    down = {"NATS_URL": "nats://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:9", "SMTP_PORT": "9",
            "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    services = {"NATS_URL": "nats", "REDIS_URL": "redis", "SMTP_PORT": "smtp", "DATABASE_URL": "postgres"}
    code, found = states(tool, TEMPLATES_DIR="/nonexistent", **down)
    assert code == 1
    for name in services.values():
        assert found[name]["state"] == "problem"
        assert "127.0.0.1:9" in texts(found[name]), found[name]
        assert found[name]["findings"][-1]["remedy"]
    assert found["templates"]["state"] == "problem"
    code, found = states(tool, REDIS_URL=None)
    assert code == 1
    assert [name for name, service in found.items() if service["state"] == "problem"] == ["redis"]


def test_what_waits_is_counted(tool):
    tool.dead_letter("event-1")
    tool.sql("INSERT INTO outbox (subject, payload, due_at) VALUES ('late', '', now() - interval '5 minutes')")
    tool.sql("INSERT INTO outbox (subject, payload, refused_reason) VALUES ('refused', '', 'too large')")
    code, found = states(tool)
    assert code == 0, "warnings only"
    assert "1 dead letters" in texts(found["nats"])
    assert "1 outbox rows should have left" in texts(found["postgres"])
    assert "1 outbox rows were refused" in texts(found["postgres"])


def test_streams_and_consumers_that_differ_are_told(tool):
    with tool.nats() as nats:
        nats.api("STREAM.DELETE.NOTIFICATIONS")
        nats.api("STREAM.CREATE.MAILS", {"name": "MAILS", "subjects": ["email.send"], "retention": "workqueue", "max_age": 3_600_000_000_000})
        nats.api("CONSUMER.DURABLE.CREATE.MAILS.notification-worker-email-send", {
            "stream_name": "MAILS", "config": {"durable_name": "notification-worker-email-send", "ack_policy": "explicit", "ack_wait": 5_000_000_000}})
        try:
            _, found = states(tool, "--only", "nats")
        finally:
            nats.api("STREAM.DELETE.MAILS")
    said = texts(found["nats"])
    assert "MAILS" in said and "max_age" in said and "ack_wait" in said
    assert "nobody pulls" in said


def test_what_account_deletion_pulls_from_is_looked_at(tool):
    recover = "user-delete-worker-user-recover"
    pushes = {"durable_name": recover, "deliver_subject": "elsewhere", "ack_policy": "explicit", "filter_subject": "user.recover"}
    with tool.nats() as nats:
        nats.api("STREAM.CREATE.USERS", {"name": "USERS", "subjects": ["user.delete", "user.recover"], "retention": "workqueue"})
        nats.api(f"CONSUMER.DURABLE.CREATE.USERS.{recover}", {"stream_name": "USERS", "config": pushes})
        try:
            code, found = states(tool, "--only", "nats")
        finally:
            nats.api("STREAM.DELETE.USERS")
    assert code == 1
    assert "stream USERS" in texts(found["nats"])
    assert "user-delete-worker-user-delete is not there yet" in texts(found["nats"])
    assert f"{recover} cannot be used: it pushes to elsewhere" in texts(found["nats"])


def test_pending_migrations_and_eviction_are_problems(tool, tmp_path):
    (tmp_path / "9999_later.sql").write_text("SELECT 1;")
    with tool.redis_setting("maxmemory-policy", "allkeys-lru"):
        code, found = states(tool, "--migrations", str(tmp_path))
    assert code == 1
    assert "chatear migrate up" in str(found["postgres"])
    assert found["postgres"]["state"] == found["redis"]["state"] == "problem"


def test_a_frozen_server_does_not_hold_it_up(tool):
    tool.stack.nats.freeze()
    try:
        code, found = states(tool, "--only", "nats", "--only", "redis")
    finally:
        tool.stack.nats.thaw()
    assert code == 1
    assert found["nats"]["state"] == "problem"
    assert found["redis"]["state"] != "problem"
