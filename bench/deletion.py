"""`./dev bench deletion`: intake with the audit chain against pgbench, one pass over a million, and a verification."""

import json
import subprocess
import time

from dev_stack.places import CHECKOUT, program
from dev_stack.stack import Stack
from mail_load import TOOLS
from rows import Row

GROUP = "account deletion (PostgreSQL alone)"
FULL = {"deletions": 20_000, "scheduled": 1_000_000, "audit_rows": 200_000, "intake_rounds": 3}
QUICK = {"deletions": 5_000, "scheduled": 50_000, "audit_rows": 20_000, "intake_rounds": 1}
BATCH = 256
BENCH = TOOLS / "deletion-bench"

# What DeletionStore::enter writes for a batch of new deletions, without reading or deciding anything.
SAME_INSERTS = f"""BEGIN;
INSERT INTO user_deletions (user_id, next_mail_at) SELECT gen_random_uuid(), now() FROM generate_series(1, {BATCH});
INSERT INTO deletion_requests (event_id, user_id, kind, published_at, outcome, deletion_id)
SELECT gen_random_uuid()::text, gen_random_uuid()::text, 'delete', now(), 'accepted', gen_random_uuid()::text
FROM generate_series(1, {BATCH});
INSERT INTO outbox (kind, subject, payload, origin_subject, event_id, generation)
SELECT 'domain_event', 'user.deletion.requested', convert_to(jsonb_build_object('user_id', gen_random_uuid(), 'requested_at', now(),
       'deletion_id', gen_random_uuid(), 'event_id', gen_random_uuid())::text, 'UTF8'), 'user_deletions', gen_random_uuid()::text, 0
FROM generate_series(1, {BATCH});
INSERT INTO action_logs (user_id, action, meta)
SELECT gen_random_uuid()::text, 'deletion.requested', jsonb_build_object('event_id', gen_random_uuid(), 'published_at', now(),
       'deletion_id', gen_random_uuid()) FROM generate_series(1, {BATCH});
COMMIT;
"""

# Ten are due, with the proof that execution asks for; the others are spread over the next 24 hours.
SCHEDULED = """
INSERT INTO users (id, email) SELECT gen_random_uuid(), 'u' || n || '@example.test' FROM generate_series(1, 10) n;
INSERT INTO user_deletions (user_id, status, recovery_sent_at, scheduled_at, address_hash)
SELECT id, 'scheduled', now() - interval '25 hours', now() - interval '1 hour', encode(sha256(convert_to(email, 'UTF8')), 'hex') FROM users;
INSERT INTO email_sends (event_id, status, sent_at) SELECT id || '.1', 'sent', now() FROM user_deletions;
INSERT INTO user_deletions (user_id, status, recovery_sent_at, scheduled_at)
SELECT gen_random_uuid(), 'scheduled', now() - n * interval '80 milliseconds', now() + interval '25 hours' - n * interval '80 milliseconds'
FROM generate_series(1, %d) n;
"""

FEW_SCHEDULED = 1_000


class Database:
    """A fresh one with our tables on the server of `stack`."""

    def __init__(self, stack, name):
        import psycopg

        with psycopg.connect(stack.postgres.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        self.url = stack.postgres.url().rpartition("/")[0] + f"/{name}"
        for migration in sorted((CHECKOUT / "migrations").glob("*.sql")):
            self.sql(migration.read_text())

    def sql(self, text):
        import psycopg

        with psycopg.connect(self.url) as connection:
            connection.execute(text)

    def settle(self):
        """What a database of some age has: statistics, and no checkpoint in the way."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def scans(self):
        """How often the whole of user_deletions was read."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            return connection.execute("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'user_deletions'").fetchone()[0]

    def measure(self, what):
        done = subprocess.run([BENCH, what, self.url], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def rows_hashed_by_postgres(self):
        """What reading and hashing cost where nothing has to leave the server."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            began = time.monotonic()
            rows = connection.execute(
                "SELECT count(sha256(convert_to(user_id || action || meta::text || created_at::text, 'UTF8'))) FROM action_logs").fetchone()[0]
            return rows / (time.monotonic() - began)

    def pgbench(self, folder, count):
        script = folder / "inserts.sql"
        script.write_text(SAME_INSERTS)
        transactions = -(-count // BATCH)
        done = subprocess.run([program("pgbench"), "-n", "-f", script, "-c", "1", "-t", str(transactions), "-M", "prepared", self.url],
                              check=True, capture_output=True, text=True)
        line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
        return float(line.split()[2]) * BATCH


def measure_intake(stack, folder, number, count):
    """(events a second, pgbench's), on empty tables one right after the other."""
    intake = Database(stack, f"intake_{number}")
    intake.sql(f"INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM generate_series(1, {count}) n")
    intake.settle()
    entered = intake.measure("intake")
    if entered["accepted"] != count:
        raise RuntimeError(f"{entered['accepted']} of {count} deletions were accepted")
    plain = Database(stack, f"plain_{number}")
    plain.settle()
    return entered["per_second"], plain.pgbench(folder, count)


def measure_pass(many, scheduled):
    many.sql(SCHEDULED % scheduled)
    many.settle()
    scans = many.scans()
    one_pass = many.measure("pass")
    if many.scans() != scans:
        raise RuntimeError("a pass reads the whole of user_deletions instead of an index")
    if one_pass["executed"] != 10:
        raise RuntimeError(f"{one_pass['executed']} of 10 deletions were executed")
    return one_pass


def measure_verify(many, rows):
    """(rows verified a second, rows a second that PostgreSQL alone reads and hashes)."""
    many.sql("INSERT INTO action_logs (user_id, action, meta) SELECT gen_random_uuid()::text, 'deletion.requested', "
             f"jsonb_build_object('event_id', gen_random_uuid(), 'deletion_id', gen_random_uuid()) FROM generate_series(1, {rows})")
    many.settle()
    verified = many.measure("verify")
    if not verified["sound"]:
        raise RuntimeError("the audit log is not sound")
    return verified["per_second"], many.rows_hashed_by_postgres()


def measure(folder, sizes, tell):
    stack = Stack(folder, safe=True)
    stack.postgres.start()
    try:
        rounds = []
        for number in range(sizes["intake_rounds"]):
            tell(f"deletion: intake, round {number + 1}")
            rounds.append(measure_intake(stack, folder, number, sizes["deletions"]))
        tell(f"deletion: {sizes['scheduled']:,} scheduled, one pass")
        few, many = Database(stack, "few"), Database(stack, "many")
        near = measure_pass(few, FEW_SCHEDULED)
        far = measure_pass(many, sizes["scheduled"])
        tell("deletion: verification of the audit log")
        verified, hashed = measure_verify(many, sizes["audit_rows"])
    finally:
        stack.postgres.stop()
    entered, inserted = sorted(rounds, key=lambda pair: pair[0] / pair[1])[(len(rounds) - 1) // 2]
    ratio = entered / inserted
    few_text = f"{FEW_SCHEDULED:,} scheduled"
    return [
        Row(GROUP, f"{sizes['deletions']:,} user.delete in batches of {BATCH}", entered, "/s", "pgbench, the same inserts", inserted, ratio,
            "0.6", ratio >= 0.6, "PostgreSQL: both write the same rows and chain the same audit log; ours also reads and decides"),
        Row(GROUP, f"one pass, {sizes['scheduled']:,} scheduled, 10 executed", far["pass_ms"], "ms", few_text, near["pass_ms"],
            far["pass_ms"] / near["pass_ms"], limit="ten commits, one an execution"),
        Row(GROUP, "of that: finding what is due", far["found_ms"], "ms", few_text, near["found_ms"], far["found_ms"] / near["found_ms"],
            limit="an index: the number of those not due does not matter"),
        Row(GROUP, "rows of the audit log verified", verified, "/s", "PostgreSQL's own SHA-256 of the same rows", hashed, verified / hashed,
            limit="reading the rows; one connection"),
    ]
