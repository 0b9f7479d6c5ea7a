"""The first deletion of `./dev up`: asked for as the product would, told by mail, and recovered by its link."""

import re
import time
import urllib.parse
import urllib.request

from .first_mail import mails
from .nats_client import NatsClient
from .process import wait_until

ADDRESS = "ann@example.test"
LINK = re.compile(r"(http://127\.0\.0\.1:\d+/\S*\?token=[0-9a-f]{64})")


def show_first_deletion(stack):
    user = new_user(stack)
    before = len(mails(stack.mail.mailbox))
    with NatsClient(stack.nats.port) as nats:
        nats.publish("user.delete", {"user_id": user, "event_id": f"first-deletion-{time.time_ns()}"})
        nats.flush()
    print(f"\nthe deletion of account {user} was asked for; its recovery mail:\n")
    mail = next_mail(stack, before, "Your Chatear account will be deleted")
    text = mail.get_body(("plain",)).get_content()
    for line in text.splitlines():
        print(f"    {line}")
    link = LINK.search(text)[1]
    wait_until(lambda: status_of(stack, user) == "scheduled", 30, "the deletion is scheduled")
    with urllib.request.urlopen(link, timeout=10) as page:
        assert b"Keep my account" in page.read()
    press_the_button(link)
    wait_until(lambda: status_of(stack, user) == "cancelled", 30, "the deletion is cancelled")
    mail = next_mail(stack, before, "Your Chatear account stays")
    print(f"\nits link was opened and the button pressed: the deletion is cancelled, and told: {mail['Subject']}")
    print("ask for another one, and keep it or not, with\n")
    print(f"""    ./dev chatear publish user.delete '{{"user_id": "{user}"}}'""")


def new_user(stack):
    return str(ask(stack, "INSERT INTO users (email, name) VALUES (%s, 'Ann') RETURNING id", ADDRESS))


def status_of(stack, user):
    return ask(stack, "SELECT status FROM user_deletions WHERE user_id::text = %s ORDER BY requested_at DESC LIMIT 1", user)


def ask(stack, query, *parameters):
    import psycopg

    with psycopg.connect(stack.postgres.url(), autocommit=True) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row and row[0]


def next_mail(stack, before, subject):
    def arrived():
        return next((mail for mail in mails(stack.mail.mailbox)[before:] if mail["Subject"] == subject), None)

    return wait_until(arrived, 30, f"the mail '{subject}' arrives")


def press_the_button(link):
    """What a browser does with the page's form."""
    address, query = link.split("?", 1)
    token = urllib.parse.parse_qs(query)["token"][0]
    form = urllib.parse.urlencode({"token": token}).encode()
    with urllib.request.urlopen(urllib.request.Request(address, form), timeout=10) as page:
        assert b"will not be deleted" in page.read()
