"""The steady mixed load: e-mails of every kind, and accounts that are deleted or kept."""

import dataclasses
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import psycopg

from deletion_world import TOKEN, text_of
from dev_stack.first_mail import read_mail
from dev_stack.nats_client import NatsClient, NatsError

LARGE = "A line of a longer text that is sent as the body of an e-mail.\n" * 300


class Publisher:
    """One connection; each event is published until JetStream says that it has it. For one thread."""

    def __init__(self, port):
        self._port, self._client = port, None

    def publish(self, subject, event, give_up, headers=None):
        """Whether JetStream took it before `give_up` was set."""
        while True:
            try:
                if self._client is None:
                    self._client = NatsClient(self._port, timeout=3)
                self._client.publish_to_stream(subject, event, headers)
                return True
            except (OSError, NatsError, ValueError):
                self._client = None
                if give_up.wait(0.1):
                    return False


class Traffic:
    """A thread that does something `a_second` times a second. What it owes after an outage is done at once."""

    def __init__(self, a_second):
        self.failure = None
        self._a_second = a_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        """Returns when the step under way is done."""
        self._stop.set()
        self._thread.join(60)

    def _run(self):
        began = time.monotonic()
        number = 0
        try:
            while not self._stop.wait(max(0.0, began + number / self._a_second - time.monotonic())):
                self.step(number)
                number += 1
        except Exception as error:  # For whoever looks at us; a thread's own end is silent.
            self.failure = repr(error)

    def step(self, number):
        raise NotImplementedError


class Emails(Traffic):
    """Of twenty events: 14 plain or from a template, one large, one for later, one published twice, one whose recipient is refused
    for good, one for now until its attempts are over, one that is no e-mail."""

    def __init__(self, port, a_second):
        super().__init__(a_second)
        self._publisher = Publisher(port)
        self.wanted = []  # Recipients who must have one mail each.
        self.hopeless = 0  # Events that must become one dead letter each.

    def step(self, number):
        kind = number % 20
        event = {"event_id": f"soak-{number}", "recipient": f"u{number}@example.test", "subject": f"Message {number}", "body": "Hello\n"}
        if kind == 0:
            event["recipient"] = f"refuse-550@u{number}.example.test"
        elif kind == 1:
            event["recipient"] = f"later-450@u{number}.example.test"
        elif kind == 2:
            del event["recipient"]
        elif kind == 3:
            event["send_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        elif kind == 4:
            event["body"] = LARGE
        elif kind >= 13:
            event.update(template_name="welcome", template_data={"name": f"User {number}", "login_url": "https://chat.example.test/"})
        for _ in range(2 if kind == 5 else 1):
            # In the header: the id of what is no e-mail is not read from it.
            if not self._publisher.publish("email.send", event, self._stop, {"Chatear-Event-Id": event["event_id"]}):
                return
        if kind <= 2:
            self.hopeless += 1
        else:
            self.wanted.append(event["recipient"])

    def accepted(self):
        return len(self.wanted) + self.hopeless


@dataclasses.dataclass
class Account:
    user: str
    address: str
    way: int  # 0: recovered by the page; 1: by an event; 2: deleted.
    asked: bool = False  # JetStream has the deletion.
    recovered_at: float | None = None  # When the recovery was accepted: by JetStream, or by the page.


class Accounts(Traffic):
    """New accounts whose deletion is asked for; of three, one is kept by the link in its mail, one by an event, one goes."""

    def __init__(self, stack, page_address, a_second):
        super().__init__(a_second)
        self._stack, self._page = stack, page_address
        self._publisher = Publisher(stack.nats.port)
        self._index, self._read = stack.mail.mailbox / "index.jsonl", 0
        self._files = {}  # The first mail to each address.
        self.accounts = []
        self._open = []  # Those that shall still be recovered.

    def step(self, number):
        address = f"account-{number}@example.test"
        try:
            with psycopg.connect(self._stack.postgres.url(), autocommit=True, connect_timeout=2) as connection:
                user = connection.execute("INSERT INTO users (email) VALUES (%s) RETURNING id::text", [address]).fetchone()[0]
        except psycopg.Error:
            return  # Nobody asked for anything yet.
        account = Account(user, address, number % 3)
        account.asked = self._publisher.publish("user.delete", {"user_id": user, "event_id": f"delete-{number}"}, self._stop)
        self.accounts.append(account)
        if account.way < 2:
            self._open.append(account)
        self._read_index()
        self._open = [one for one in self._open if not self._recover(one)]

    def _recover(self, account):
        """Whether that is over. Once its mail is there, as a person would."""
        mail = self._files.get(account.address)
        if mail is None:
            return False
        if account.way == 1:
            done = self._publisher.publish("user.recover", {"user_id": account.user}, self._stop)
        else:
            done = self._press_the_button(TOKEN.search(text_of(read_mail(mail)))[1])
        if done:
            account.recovered_at = time.time()
        return done

    def _press_the_button(self, token):
        form = urllib.parse.urlencode({"token": token}).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{self._page}/recover", form), timeout=5) as page:
                return b"will not be deleted" in page.read()
        except (urllib.error.HTTPError, OSError):
            return False  # PostgreSQL is away; the next round asks again.

    def _read_index(self):
        if not self._index.exists():
            return
        with self._index.open() as index:
            index.seek(self._read)
            text = index.read()
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole.encode())
        for line in whole.splitlines():
            mail = json.loads(line)
            for address in mail["to"]:
                if address.startswith("account-"):
                    self._files.setdefault(address, self._stack.mail.mailbox / mail["file"])
