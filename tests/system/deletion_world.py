"""Account deletion in a world: accounts, requests, mails with their links, and the recovery page."""

import re
import urllib.error
import urllib.parse
import urllib.request

from dev_stack.process import wait_until
from world import PATIENCE

PERIOD = 3  # Seconds that stand for 24 hours.
PAGE_ADDRESS = re.compile(r'"serving the recovery page".*?"address":"([^"]+)"')
TOKEN = re.compile(r"[?&]token=([0-9a-f]{64})")
SHORT = {"DEVELOPMENT": "true", "RECOVERY_PERIOD": f"{PERIOD}s", "RETRY_BASE": "200ms", "RETRY_MAX": "1s"}


class Deletions:
    def __init__(self, world):
        self.world = world
        world.chatear("migrate", "up")

    def worker(self, **environment):
        """One that is not awaited; its recovery period is short unless `environment` says otherwise."""
        return self.world.worker("user-delete-worker", **{**SHORT, **environment})

    def ready_worker(self, **environment):
        return self.worker(**environment).wait_ready()

    def user(self, who="ann", **columns):
        """The id of a new account."""
        columns = {"email": f"{who}@example.test", **columns}
        names = ", ".join(columns)
        values = ", ".join(["%s"] * len(columns))
        return str(self.world.sql(f"INSERT INTO users ({names}) VALUES ({values}) RETURNING id", *columns.values())[0][0])

    def is_deleted(self, user):
        return self.world.sql("SELECT is_deleted FROM users WHERE id::text = %s", user)[0][0]

    def delete(self, *users, event_id=None, headers=None):
        events = [{"user_id": user, **({"event_id": event_id} if event_id else {})} for user in users]
        self.world.publish(*events, subject="user.delete", headers=headers)

    def recover(self, event_id=None, **who):
        self.world.publish({**who, **({"event_id": event_id} if event_id else {})}, subject="user.recover")

    def row(self, user):
        """The latest deletion of a user as a dict; None where there is none."""
        rows = self.world.sql(
            "SELECT to_jsonb(d) FROM user_deletions d WHERE user_id::text = %s ORDER BY requested_at DESC, id LIMIT 1", user)
        return rows[0][0] if rows else None

    def status(self, user):
        row = self.row(user)
        return row and row["status"]

    def wait_for(self, user, status, timeout=PATIENCE):
        wait_until(lambda: self.status(user) == status, timeout,
                   lambda: self.world.situation(f"the deletion is {status}, not {self.row(user)}"))
        return self.row(user)

    def actions(self, user=None):
        """The words of the audit log, in order."""
        rows = self.world.sql("SELECT action, user_id::text FROM action_logs ORDER BY chain_seq")
        return [action for action, of in rows if user is None or of == user]

    def mails_to(self, address):
        return [mail for mail in self.world.mails() if mail["To"] == address]

    def wait_for_mail(self, address, count=1, timeout=PATIENCE):
        wait_until(lambda: len(self.mails_to(address)) >= count, timeout,
                   lambda: self.world.situation(f"mail {count} to {address}"))
        return self.mails_to(address)[-1]

    @staticmethod
    def token(mail):
        return TOKEN.search(text_of(mail))[1]

    def told(self, subject):
        """Ids of the deletions that were told of under a subject of EVENTS."""
        import json

        with self.world.nats() as nats:
            return [json.loads(body)["deletion_id"] for of, _, body in nats.messages("EVENTS") if of == subject]

    def executions_today(self):
        return self.world.sql("SELECT count(*) FROM daily_slots WHERE kind = 'execution'")[0][0]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


class Page:
    """The recovery page of one worker, as a browser without JavaScript sees it."""

    def __init__(self, worker):
        self.worker = worker

    def address(self):
        return wait_until(lambda: PAGE_ADDRESS.search(self.worker.log()), PATIENCE, "the worker serves the page")[1]

    def get(self, token, **headers):
        return self._ask(f"/recover?token={token}", None, headers)

    def post(self, token, **headers):
        return self._ask("/recover", urllib.parse.urlencode({"token": token}).encode(), headers)

    def _ask(self, path, form, headers):
        """(status, text, headers)."""
        request = urllib.request.Request(f"http://{self.address()}{path}", form, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(), refused.headers
