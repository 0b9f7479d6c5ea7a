"""HARD_DELETE_AFTER: what is personal of a deleted account is blanked after a retention time."""

import json

from dev_stack.process import wait_until
from world import PATIENCE

MONTH = {"HARD_DELETE_AFTER": "30d"}


def deleted_long_ago(world, deletions, who):
    """The ids of an account and its deletion, with the real mails; 31 days pass in the tables."""
    user = deletions.user(who, name=who, locale="en")
    deletions.delete(user)
    row = deletions.wait_for(user, "executed")
    wait_until(lambda: world.sql("SELECT status FROM email_sends WHERE event_id = %s", row["id"] + ".deleted") == [("sent",)],
               PATIENCE, "the last e-mail is sent")
    world.sql("UPDATE user_deletions SET executed_at = executed_at - interval '31 days' WHERE id::text = %s", row["id"])
    return user, row["id"]


def personal(world, user, deletion):
    """What is left of the account, and of its mails' rows."""
    account = world.sql("SELECT email, name, locale FROM users WHERE id::text = %s", user)[0]
    mails = world.sql("SELECT count(*), count(recipient), count(message_id) FROM email_sends WHERE event_id LIKE %s", deletion + ".%")[0]
    return account, mails


def test_what_is_personal_goes_after_the_retention_time_and_keys_stay(world, deletions):
    first = deletions.ready_worker()
    world.ready_worker()
    ann, deletion = deleted_long_ago(world, deletions, "ann")
    assert first.terminate() == 0
    kept = (("ann@example.test", "ann", "en"), (2, 2, 2))
    assert personal(world, ann, deletion) == kept
    off = world.chatear("deletions", "erase", check=False)
    assert off.returncode == 2 and "HARD_DELETE_AFTER" in off.stderr
    would = json.loads(world.chatear("deletions", "erase", "--dry-run", "--json", **MONTH).stdout)
    assert [(row["deletion_id"], row["outcome"], row["mails"]) for row in would] == [(deletion, "would be erased", 2)]
    assert personal(world, ann, deletion) == kept
    deletions.ready_worker(HARD_DELETE_AFTER="60d")
    worker = deletions.ready_worker(**MONTH)
    wait_until(lambda: "user.erased" in deletions.actions(ann), PATIENCE, "the account is erased")
    assert personal(world, ann, deletion) == ((None, None, None), (2, 0, 0))
    assert deletions.is_deleted(ann) and deletions.row(ann)["erased_at"]
    assert "ann@example.test" not in json.dumps(world.sql("SELECT to_jsonb(l)::text FROM action_logs l"))
    assert "erased" in world.chatear("audit", "list", "--action", "user.erased").stdout
    world.chatear("audit", "verify")
    assert deletions.actions().count("user.erased") == 1
    assert worker.terminate() == 0


def test_the_tool_erases_too(world, deletions):
    deletions.ready_worker()
    world.ready_worker()
    ann, deletion = deleted_long_ago(world, deletions, "ann")
    done = world.chatear("deletions", "erase", **MONTH)
    assert deletion in done.stdout and "erased" in done.stdout
    assert personal(world, ann, deletion) == ((None, None, None), (2, 0, 0))
    assert "no account" in world.chatear("deletions", "erase", **MONTH).stdout


def test_an_account_that_cannot_be_erased_keeps_none_behind_it(world, deletions):
    """Not permitted something in a trigger, by the tool and by a worker, which stays ready."""
    deleted = [deletions.user(who) for who in ("ann", "bob", "eve")]
    world.sql("CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
              "RAISE EXCEPTION 'ann@example.test' USING ERRCODE = '42501'; END $$")
    world.sql("UPDATE users SET is_deleted = true")
    world.sql("CREATE TRIGGER fails BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.email = 'ann@example.test') EXECUTE FUNCTION fails()")
    deletion = "INSERT INTO user_deletions (user_id, status, executed_at) VALUES (%s, 'executed', now() - interval '31 days') RETURNING id::text"
    anns, bobs = (world.sql(deletion, user)[0][0] for user in deleted[:2])
    done = world.chatear("deletions", "erase", "--json", check=False, **MONTH)
    assert done.returncode == 1, done.stderr
    rows = {row["deletion_id"]: (row["outcome"], row["reason"]) for row in json.loads(done.stdout)}
    assert rows == {anns: ("blocked", "an update of its rows fails with SQLSTATE 42501"), bobs: ("erased", "")}
    world.sql(deletion, deleted[2])
    worker = deletions.ready_worker(**MONTH)
    wait_until(lambda: "user.erased" in deletions.actions(deleted[2]), PATIENCE, "the account behind it is erased")
    blocked = [line for line in worker.lines() if line.get("deletion_id") == anns and line["level"] == "warn"]
    assert [line["reason"] for line in blocked] == ["an update of its rows fails with SQLSTATE 42501"]
    assert worker.get("/readyz")[0] == 200
    assert "ann@example.test" not in worker.log()
    assert world.sql("SELECT email FROM users WHERE email IS NOT NULL") == [("ann@example.test",)]


def test_a_worker_does_not_start_with_a_column_that_cannot_be_blanked(world, deletions):
    world.sql("ALTER TABLE users ADD birthday date NOT NULL")
    columns = {"HARD_DELETE_COLUMNS": "email,birthday", **MONTH}
    worker = deletions.worker(**columns)
    assert worker.ended() == 1
    assert "column birthday" in worker.log() and "let it be NULL" in worker.log()
    refused = world.chatear("deletions", "erase", "--dry-run", check=False, **columns)
    assert refused.returncode == 2 and "column birthday" in refused.stderr
    assert deletions.ready_worker(HARD_DELETE_COLUMNS="birthday").terminate() == 0  # Off: nobody asks.
