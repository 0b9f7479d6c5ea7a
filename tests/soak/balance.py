"""The sums that must come out of a soak: each e-mail once, each account as its owner wanted, each hopeless event a dead letter."""

import collections
import dataclasses

from reckoning import arrived
from samples import WAITING

# Accounts with a deletion: what became of each, and when it was due.
DELETIONS = """SELECT u.id::text, u.is_deleted, count(d.id), min(d.status), max(extract(epoch FROM d.scheduled_at))::float
               FROM users u LEFT JOIN user_deletions d ON d.user_id::text = u.id::text GROUP BY 1, 2"""


@dataclasses.dataclass
class Balance:
    notes: dict = dataclasses.field(default_factory=dict)
    broken: list = dataclasses.field(default_factory=list)

    def expect(self, true, sentence):
        if not true:
            self.broken.append(sentence)


def balance(world, soaked):
    """When all is at rest, or does not come to it."""
    found = Balance()
    mails = arrived(world)
    by_id = collections.Counter(message_id for ids in mails.values() for message_id in ids)
    copies = sum(by_id.values()) - len(by_id)
    emails, counted = soaked.emails, soaked.counted
    lost = [recipient for recipient in emails.wanted if recipient not in mails]
    other_ids = [recipient for recipient in emails.wanted if len(set(mails.get(recipient, ()))) > 1]
    with world.nats() as nats:
        dead = nats.api("STREAM.INFO.DEAD_LETTERS")["state"]["messages"]
    found.notes.update({
        "e-mails accepted": len(emails.wanted), "mails": sum(by_id.values()), "second copies": copies, "second copies counted": int(counted),
        "hopeless events": emails.hopeless, "dead letters": dead, "faults": soaked.troubles.total()})
    found.expect(not lost, f"{len(lost)} e-mails are lost: {lost[:5]}")
    found.expect(copies <= counted, f"{copies} second copies, of which the workers counted {counted:g}")
    found.expect(not other_ids, f"copies with another Message-ID, to {other_ids[:5]}")
    found.expect(dead == emails.hopeless, f"{dead} dead letters of {emails.hopeless} hopeless events")
    found.expect(soaked.seconds_until_at_rest is not None, "it does not come to rest")
    for name, rows in WAITING.items():
        left = world.sql(f"SELECT to_jsonb(w) FROM (SELECT * FROM {rows}) w LIMIT 3")
        found.expect(not left, f"{name} are left, the first: {left}")
    weigh_accounts(found, world, [account for account in soaked.accounts.accounts if account.asked])
    return found


def weigh_accounts(found, world, accounts):
    rows = {user: (deleted, count, status, due) for user, deleted, count, status, due in world.sql(DELETIONS)}
    ends = collections.Counter()
    for account in accounts:
        deleted, count, status, due = rows[account.user]
        ends[status] += 1
        found.expect(count == 1, f"{account.user} has {count} deletions")
        found.expect(deleted == (status == "executed"), f"{account.user} is {'' if deleted else 'not '}deleted, its deletion {status}")
        if account.recovered_at is not None and (due is None or account.recovered_at < due):
            found.expect(status == "cancelled", f"{account.user} was recovered in time and is {status}")
        else:
            found.expect(account.way < 2 or status == "executed", f"{account.user} is {status}, and nobody recovered it")
    verified = world.chatear("audit", "verify", check=False)
    found.expect(verified.returncode == 0, f"the audit log does not verify: {verified.stdout}{verified.stderr}")
    found.notes["deletions"] = dict(ends)
