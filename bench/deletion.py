"""`./dev bench deletion`: intake with the audit chain against pgbench, one pass over a million, and a verification."""

import intake
from deletion_database import Database
from dev_stack.stack import Stack
from rows import Row

GROUP = "account deletion (PostgreSQL alone, but for the whole worker)"
FULL = {"deletions": 20_000, "scheduled": 1_000_000, "audit_rows": 200_000, "intake_rounds": 3}
QUICK = {"deletions": 5_000, "scheduled": 50_000, "audit_rows": 20_000, "intake_rounds": 1}

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
        rows = list(intake.rows(GROUP, stack, folder, sizes, tell))
        tell(f"deletion: {sizes['scheduled']:,} scheduled, one pass")
        few, many = Database(stack, "few"), Database(stack, "many")
        near = measure_pass(few, FEW_SCHEDULED)
        far = measure_pass(many, sizes["scheduled"])
        tell("deletion: verification of the audit log")
        verified, hashed = measure_verify(many, sizes["audit_rows"])
    finally:
        stack.postgres.stop()
    few_text = f"{FEW_SCHEDULED:,} scheduled"
    return [
        *rows,
        Row(GROUP, f"one pass, {sizes['scheduled']:,} scheduled, 10 executed", far["pass_ms"], "ms", few_text, near["pass_ms"],
            far["pass_ms"] / near["pass_ms"], limit="ten commits, one an execution"),
        Row(GROUP, "of that: finding what is due", far["found_ms"], "ms", few_text, near["found_ms"], far["found_ms"] / near["found_ms"],
            limit="an index: the number of those not due does not matter"),
        Row(GROUP, "rows of the audit log verified", verified, "/s", "PostgreSQL's own SHA-256 of the same rows", hashed, verified / hashed,
            limit="reading the rows; one connection"),
    ]
