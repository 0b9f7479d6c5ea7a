"""`./dev bench deletion`: intake with the audit chain against pgbench, one pass over a million, and a verification."""

import json
import subprocess

from dev_stack.places import CHECKOUT, program
from dev_stack.stack import Stack

BATCH = 256
BENCH = CHECKOUT / "build" / "release" / "bench" / "deletion-bench"

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

    def pgbench(self, folder, count):
        script = folder / "inserts.sql"
        script.write_text(SAME_INSERTS)
        transactions = -(-count // BATCH)
        done = subprocess.run([program("pgbench"), "-n", "-f", script, "-c", "1", "-t", str(transactions), "-M", "prepared", self.url],
                              check=True, capture_output=True, text=True)
        line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
        return float(line.split()[2]) * BATCH


def measure(folder, count, scheduled):
    stack = Stack(folder, safe=True)
    stack.postgres.start()
    try:
        intake = Database(stack, "intake")
        intake.sql(f"INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM generate_series(1, {count}) n")
        intake.settle()
        entered = intake.measure("intake")
        if entered["accepted"] != count:
            raise RuntimeError(f"{entered['accepted']} of {count} deletions were accepted")
        plain = Database(stack, "plain")
        plain.settle()
        inserts = plain.pgbench(folder, count)
        many = Database(stack, "many")
        many.sql(SCHEDULED % scheduled)
        many.settle()
        scans = many.scans()
        one_pass = many.measure("pass")
        if many.scans() != scans:
            raise RuntimeError("a pass reads the whole of user_deletions instead of an index")
        if one_pass["executed"] != 10:
            raise RuntimeError(f"{one_pass['executed']} of 10 deletions were executed")
        many.sql("INSERT INTO action_logs (user_id, action, meta) SELECT gen_random_uuid()::text, 'deletion.requested', "
                 "jsonb_build_object('event_id', gen_random_uuid(), 'deletion_id', gen_random_uuid()) FROM generate_series(1, 200000)")
        many.settle()
        verified = many.measure("verify")
        if not verified["sound"]:
            raise RuntimeError("the audit log is not sound")
    finally:
        stack.postgres.stop()
    return {"count": count, "scheduled": scheduled, "events_per_second": round(entered["per_second"]),
            "pgbench_per_second": round(inserts), "ratio": round(entered["per_second"] / inserts, 3),
            "pass_ms": round(one_pass["pass_ms"], 1), "due_found_ms": round(one_pass["found_ms"], 1),
            "audit_rows_per_second": round(verified["per_second"])}


def report(result):
    print(f"{result['count']} user.delete in batches of {BATCH}, with the audit chain; {result['scheduled']} scheduled deletions")
    for label, value in (("events a second", f"{result['events_per_second']:,}"),
                         ("pgbench, the same inserts", f"{result['pgbench_per_second']:,}"), ("ratio", f"{result['ratio']:.2f}"),
                         ("one pass, 10 due and executed", f"{result['pass_ms']} ms"),
                         ("of that: finding them", f"{result['due_found_ms']} ms"),
                         ("audit rows verified a second", f"{result['audit_rows_per_second']:,}")):
        print(f"  {label:34}{value:>12}")
