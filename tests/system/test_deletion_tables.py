"""Tables that belong to the product, or stood before: only what is documented is touched."""

import json

import pytest

from deletion_world import Deletions, Page
from dev_stack.process import wait_until
from world import PATIENCE

PRODUCT = """
CREATE TABLE users (
    id {type} PRIMARY KEY, email text UNIQUE, is_deleted boolean NOT NULL DEFAULT false, plan text NOT NULL DEFAULT 'free',
    logins integer NOT NULL DEFAULT 7 CHECK (logins >= 0)
)"""


@pytest.mark.parametrize(("type_of_id", "ids"), [
    ("bigint", ["9007199254740993", "2"]),
    ("text", ["ann@home", "users/2 é"]),
    ("varchar(40)", ["ann", "bob"]),
    ("char(26)", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"]),
    ("numeric(20,0)", ["18446744073709551615", "2"]),
    ("uuid", ["7c5aa4a2-52b3-4b4f-9d0b-0d5a1f7e0001", "7c5aa4a2-52b3-4b4f-9d0b-0d5a1f7e0002"]),
])
def test_an_id_may_be_of_any_type(world, type_of_id, ids):
    world.sql(PRODUCT.format(type=type_of_id))
    deletions = Deletions(world)
    worker = deletions.ready_worker()
    ann, bob = (deletions.user(f"user{place}", id=user) for place, user in enumerate(ids))
    assert [ann, bob] == ids
    events = [{"user_id": ann, "event_id": "one"}, {"user_id": int(bob) if type_of_id == "bigint" else bob, "event_id": "two"}]
    world.publish(*events, subject="user.delete")
    token = deletions.token(deletions.wait_for_mail("user1@example.test"))
    assert "will not be deleted" in Page(worker).post(token)[1]
    deletions.wait_for(ann, "executed")
    deletions.wait_for(bob, "cancelled")
    rows = world.sql("SELECT id::text, is_deleted, plan, logins FROM users ORDER BY is_deleted DESC")
    assert rows == [(ann, True, "free", 7), (bob, False, "free", 7)]
    shown = json.loads(world.chatear("deletions", "show", deletions.row(ann)["id"], "--json").stdout)
    assert shown["account"] == {"is_deleted": True, "has_address": True}
    world.publish({"user_id": "nobody at all", "event_id": "three"}, subject="user.delete")
    world.wait_for_dead_letters(1)
    assert "deletion.rejected" in deletions.actions()


def test_tables_with_rows_are_adopted(world):
    world.sql("CREATE TABLE users (id integer PRIMARY KEY, email text, is_deleted boolean NOT NULL DEFAULT false)")
    world.sql("INSERT INTO users SELECT n, 'user' || n || '@example.test' FROM generate_series(1, 3) n")
    world.sql("CREATE TABLE user_deletions (id serial PRIMARY KEY, user_id integer UNIQUE, scheduled_at timestamp NOT NULL, "
              "status varchar(20) NOT NULL DEFAULT 'pending')")
    world.sql("INSERT INTO user_deletions (user_id, scheduled_at, status) VALUES (1, now() - interval '1 day', 'pending'), "
              "(2, now() - interval '9 days', 'completed')")
    world.sql("CREATE TABLE action_logs (id serial PRIMARY KEY, user_id integer, action varchar(50) NOT NULL, meta jsonb, "
              "created_at timestamptz DEFAULT now())")
    world.sql("INSERT INTO action_logs (user_id, action) VALUES (2, 'account_deleted')")
    deletions = Deletions(world)
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    # Overdue by what the old row says, yet nobody was told: it begins anew with a mail (rule 10).
    row = deletions.wait_for("1", "scheduled")
    assert row["recovery_sent_at"] and not deletions.is_deleted("1")
    deletions.wait_for_mail("user1@example.test")
    assert deletions.status("2") == "executed"
    deletions.delete("3")
    deletions.wait_for("3", "scheduled")
    deletions.recover(user_id="3")
    deletions.wait_for("3", "cancelled")
    deletions.delete("3")
    deletions.wait_for("3", "scheduled")
    wait_until(lambda: deletions.actions("3").count("deletion.requested") == 2, PATIENCE, "both are audited")
    assert world.sql("SELECT action FROM action_logs WHERE chain_seq IS NULL") == [("account_deleted",)]


def test_a_key_under_which_nobody_could_be_recovered_twice_stops_the_migration(world):
    world.sql("CREATE TABLE users (id integer PRIMARY KEY, email text, is_deleted boolean NOT NULL DEFAULT false)")
    world.sql("CREATE TABLE user_deletions (user_id integer, status text, CONSTRAINT one_of_each UNIQUE (user_id, status))")
    done = world.chatear("migrate", "up", check=False)
    assert done.returncode == 1 and "one_of_each" in done.stderr and "drop it" in done.stderr, done.stderr
    world.sql("ALTER TABLE user_deletions DROP CONSTRAINT one_of_each")
    world.chatear("migrate", "up")


def test_what_old_code_still_inserts_gets_its_mail_and_nobody_is_deleted_before(world):
    deletions = Deletions(world)
    ann, bob = deletions.user("ann"), deletions.user("bob")
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    world.sql("INSERT INTO user_deletions (user_id) VALUES (%s)", ann)
    world.sql("INSERT INTO user_deletions (user_id, status, recovery_sent_at) VALUES (%s, 'scheduled', now() - interval '9 days')", bob)
    for user, address in ((ann, "ann@example.test"), (bob, "bob@example.test")):
        deletions.wait_for_mail(address)
        row = deletions.wait_for(user, "scheduled")
        assert row["recovery_sent_at"] and row["scheduled_at"]
        assert not deletions.is_deleted(user)
