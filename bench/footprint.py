"""What each worker takes of its servers: connections at one moment, and what Redis keeps for each user."""

import hashlib
import pathlib
import time

from dev_stack.nats_client import NatsClient
from dev_stack.process import wait_until
from mail_load import all_done, make_tables_and_streams, must_be_sent, publish_backlog, start_sink, start_worker

PATIENCE = 900  # Seconds for one backlog.
BUSY = (100, 1000)  # E-mails to one recipient, for what more than one costs: Redis keeps few in another way than many.
ESTABLISHED = "01"  # In /proc/net/tcp.


def sockets(pid):
    """The inodes of the sockets that the process has open."""
    found = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue  # Closed meanwhile.
    return found


def connections(pid, servers):
    """How many open connections the process has to each of `servers` (port -> name)."""
    own = sockets(pid)
    found = {name: set() for name in servers.values()}  # Sets: a table that changes while it is read may have a row twice.
    for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        name = servers.get(int(fields[2].rpartition(":")[2], 16))
        if name is not None and fields[3] == ESTABLISHED and fields[9] in own:
            found[name].add(fields[9])
    return {name: len(inodes) for name, inodes in found.items()}


class Peak:
    """The most connections of a process at one moment of those at which it was looked at."""

    def __init__(self, pid, servers):
        self.pid, self.servers, self.most = pid, servers, dict.fromkeys(servers.values(), 0)

    def look(self):
        now = connections(self.pid, self.servers)
        self.most = {name: max(count, now[name]) for name, count in self.most.items()}


class RedisMemory:
    """What an emptied Redis has come to hold. Looked at while no worker is connected: connections have memory too."""

    def __init__(self, stack):
        import redis

        self.client = redis.Redis(port=stack.redis.port)
        self.client.flushall()
        self.before = self._used()

    def _used(self):
        return self.client.info("memory")["used_memory"]

    def shares(self, users):
        """Keys and bytes a user."""
        return {"redis_keys_per_user": round(self.client.dbsize() / users, 2),
                "redis_bytes_per_user": round((self._used() - self.before) / users)}

    def of(self, key):
        return self.client.memory_usage(key, samples=0)


def run_until(worker, done, servers):
    """Waits for `done`, stops the worker, and returns the most connections it had."""
    peak = Peak(worker.pid, servers)

    def looked():
        peak.look()
        time.sleep(0.1)  # Nothing here is timed, and what looks too often gets in the way.
        return done()

    wait_until(looked, PATIENCE, lambda: worker.log_text()[-2000:])
    worker.stop()
    return peak.most


def measure_emails(stack, folder, environment, servers, users):
    """One e-mail to each of `users` recipients, with a limit for each; then BUSY to one of them."""
    environment = {**environment, "EMAIL_RATE_PER_RECIPIENT": f"{max(BUSY)}/1h"}
    make_tables_and_streams(environment, folder)
    memory = RedisMemory(stack)
    with NatsClient(stack.nats.port) as client:
        publish_backlog(stack, users, 256, "users")
        worker = start_worker("notification-worker", environment, folder / "users.log")
        result = {"users": users, "connections": run_until(worker, lambda: all_done(client, users), servers), **memory.shares(users)}
        for count in BUSY:
            for number in range(count):
                client.publish("email.send", {"recipient": busy(count), "subject": "Hi", "body": "Hi", "event_id": f"{count}-{number}"})
        client.flush()
        worker = start_worker("notification-worker", environment, folder / "busy.log")
        run_until(worker, lambda: all_done(client, users + sum(BUSY)), servers)
    must_be_sent(stack, users + sum(BUSY))
    return {**result, "redis_bytes_by_emails": {count: memory.of(limit_key(busy(count))) for count in BUSY}}


def busy(count):
    return f"busy-{count}@example.test"


def limit_key(recipient):
    return "chatear:limit:recipient:" + hashlib.sha256(recipient.encode()).hexdigest()[:32]


def measure_deletions(stack, folder, environment, servers, users):
    """A recovery mail to each of `users`."""
    import psycopg

    make_tables_and_streams(environment, folder, "user-delete-worker")
    memory = RedisMemory(stack)
    with psycopg.connect(stack.postgres.url(), autocommit=True) as database, NatsClient(stack.nats.port) as client:
        found = database.execute(
            "INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM generate_series(1, %s) n RETURNING id::text", [users])
        for (user,) in found.fetchall():
            client.publish("user.delete", {"user_id": user})
        client.flush()
        taken = client.api("STREAM.INFO.USERS")["state"]["last_seq"]
        if taken != users:
            raise RuntimeError(f"{taken} of {users} events are in the stream")

        def all_mailed():
            return database.execute("SELECT count(*) FROM user_deletions WHERE status = 'scheduled'").fetchone()[0] == users

        worker = start_worker("user-delete-worker", environment, folder / "deletions.log")
        return {"users": users, "connections": run_until(worker, all_mailed, servers), **memory.shares(users)}


def measure(stack, folder, users):
    sink, port = start_sink(folder)
    servers = {stack.nats.port: "nats", stack.redis.port: "redis", stack.postgres.port: "postgres", port: "smtp"}
    environment = stack.environment(SMTP_PORT=str(port))
    try:
        deleted = max(1, users // 5)  # Each costs several transactions.
        return {"notification-worker": measure_emails(stack, folder, environment, servers, users),
                "user-delete-worker": measure_deletions(stack, folder, environment, servers, deleted)}
    finally:
        sink.stop()
