"""How many `user.delete` a second come in, against pgbench making the same inserts."""

import statistics
import subprocess
import time

from cpu import CpuSplit
from deletion_database import Database
from dev_stack.nats_client import NatsClient
from dev_stack.places import program
from dev_stack.stack import Stack
from mail_load import make_tables_and_streams, start_servers, start_sink, start_worker, stop_servers, wait_until_empty
from rows import Row

BATCH = 256
AT_ONCE = 2  # As many batches as the worker has under way (IntakeDesk::batches_at_once).

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


def pgbench(database, folder, count, clients):
    """Rows of each table a second."""
    script = folder / "inserts.sql"
    script.write_text(SAME_INSERTS)
    transactions = -(-count // BATCH // clients)
    done = subprocess.run([program("pgbench"), "-n", "-f", script, "-c", str(clients), "-t", str(transactions), "-M", "prepared", database.url],
                          check=True, capture_output=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
    return float(line.split()[2]) * BATCH


def measure_desk(stack, folder, number, count):
    """(events a second, pgbench's by one client, and by two), on empty tables one right after the other, and what took the processors."""
    intake = Database(stack, f"intake_{number}")
    intake.sql(f"INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM generate_series(1, {count}) n")
    intake.settle()
    split = CpuSplit({"postgres": [stack.postgres.process.pid]})
    entered = intake.measure("intake")
    busy = busy_words(split, count)
    if entered["accepted"] != count:
        raise RuntimeError(f"{entered['accepted']} of {count} deletions were accepted")
    inserted = []
    for clients in (1, AT_ONCE):
        plain = Database(stack, f"plain_{number}_{clients}")
        plain.settle()
        inserted.append(pgbench(plain, folder, count, clients))
    return entered["per_second"], *inserted, busy


def busy_words(split, events):
    each = "; ".join(f"{name} {1e6 * seconds / events:.0f}" for name, seconds in split.seconds().items())
    return f"processors {100 * split.busy():.0f} % busy; us an event: {each}"


def measure_worker(folder, count):
    """(events a second, what the processors did): a whole user-delete-worker, from its start until none is in the stream."""
    import psycopg

    stack = Stack(folder / "stack", safe=True)
    start_servers(stack)
    sink, port = start_sink(folder)
    environment = stack.environment(SMTP_PORT=str(port))
    try:
        make_tables_and_streams(environment, folder, "user-delete-worker")
        with psycopg.connect(stack.postgres.url(), autocommit=True) as database, NatsClient(stack.nats.port) as client:
            users = database.execute(
                "INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM generate_series(1, %s) n RETURNING id::text", [count])
            client.publish_all([("user.delete", {"user_id": user}, {}) for (user,) in users.fetchall()])
            split = CpuSplit({"postgres": [stack.postgres.process.pid], "nats": [stack.nats.process.pid], "smtp-sink": [sink.pid]})
            began = time.monotonic()
            worker = start_worker("user-delete-worker", environment, folder / "worker.log")
            split.add("user-delete-worker", [worker.pid])
            wait_until_empty(client, "USERS", 120, worker.log_text)
            took = time.monotonic() - began
            busy = busy_words(split, count)
            worker.stop()
            [[entered]] = database.execute("SELECT count(*) FROM user_deletions").fetchall()
        if entered != count:
            raise RuntimeError(f"{entered} of {count} deletions were entered")
        return count / took, busy
    finally:
        sink.stop()
        stop_servers(stack)


def rows(group, stack, folder, sizes, tell):
    count, rounds = sizes["deletions"], []
    for number in range(sizes["intake_rounds"]):
        tell(f"deletion: intake, round {number + 1}")
        rounds.append(measure_desk(stack, folder, number, count))
    what = f"{count:,} user.delete in batches of {BATCH}"
    *values, busy = zip(*rounds)
    entered, by_one, by_two = map(statistics.median, values)
    ratio, ratio_of_two = (statistics.median(one[0] / one[n] for one in rounds) for n in (1, 2))
    yield Row(group, what, entered, "/s", "pgbench, the same inserts", by_one, ratio, "0.6", ratio >= 0.6,
              f"{busy[-1]}; both write the same rows and chain the same audit log; ours also reads and decides, {AT_ONCE} batches at a time")
    yield Row(group, what, entered, "/s", f"pgbench with {AT_ONCE} clients", by_two, ratio_of_two, "0.6", ratio_of_two >= 0.6)
    tell("deletion: a whole worker")
    place = folder / "worker"
    place.mkdir(mode=0o755)
    rate, busy = measure_worker(place, count)
    yield Row(group, f"{count:,} user.delete wait; user-delete-worker", rate, "/s", "pgbench, the same inserts", by_one, rate / by_one, limit=busy)
