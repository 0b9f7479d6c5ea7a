"""The first e-mail of `./dev up`: published as any service would, shown as it arrived."""

import email
import email.policy
import time

from .nats_client import NatsClient
from .process import wait_until

EVENT = {
    "recipient": "ann@example.test",
    "subject": "It works",
    "body": "Hello Ann,\n\nthis went through NATS, the worker and SMTP.\n",
}


def read_mail(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def mails(mailbox):
    """The messages of a mail catcher's folder, oldest first."""
    paths = [path for path in mailbox.iterdir() if path.is_file() and path.suffix == ".eml"]
    return [read_mail(path) for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))]


def show_first_mail(stack):
    event = {**EVENT, "event_id": f"first-mail-{time.time_ns()}"}
    before = len(mails(stack.mail.mailbox))
    started = time.monotonic()
    with NatsClient(stack.nats.port) as nats:
        nats.publish("email.send", event)
        nats.flush()
    arrived = wait_until(lambda: mails(stack.mail.mailbox)[before:], 30, "the first e-mail arrives")
    print(f"\nthe first e-mail arrived after {(time.monotonic() - started) * 1000:.0f} ms:\n")
    message = arrived[-1]
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        print(f"    {name}: {message[name]}")
    print()
    for line in message.get_body(("plain",)).get_content().splitlines():
        print(f"    {line}")
    print("\nall mail is kept in", stack.mail.mailbox)
    print("publish another one with\n")
    print("""    ./dev chatear publish email.send '{"recipient": "bob@example.test", "subject": "Hi", "body": "Hello"}'""")
