"""The databases that `./dev bench deletion` works on."""

import json
import subprocess
import time

from dev_stack.places import CHECKOUT
from mail_load import TOOLS

BENCH = TOOLS / "deletion-bench"


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
