"""Reads each N.eml of a folder with Python's email package and compares it with N.json beside it."""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import pathlib
import sys


def mailbox(data, name):
    """With the older interface: the newer one (3.11) puts a space between the encoded words of a name."""
    raw = email.message_from_bytes(data)[name]
    if raw is None:
        return None
    addresses = email.utils.getaddresses([raw])
    assert len(addresses) == 1, addresses
    display_name, address = addresses[0]
    return [str(email.header.make_header(email.header.decode_header(display_name))), address]


def body(message, kind):
    for part in message.walk():
        if part.get_content_type() == "text/" + kind and not part.is_attachment():
            return part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")
    return None


def attachments(message):
    return [
        [part.get_filename(), part.get_content_type(), base64.b64encode(part.get_payload(decode=True)).decode()]
        for part in message.walk()
        if part.is_attachment()
    ]


def same_text(sent, got):
    """In a multipart the last line break belongs to the boundary."""
    return got == sent or (None not in (got, sent) and got + "\n" == sent)


def differences(data, sent):
    message = email.message_from_bytes(data, policy=email.policy.default)
    got = {
        "from": mailbox(data, "From"),
        "to": mailbox(data, "To"),
        "reply_to": mailbox(data, "Reply-To"),
        "subject": message["Subject"],
        "message_id": message["Message-ID"],
        "date": int(email.utils.parsedate_to_datetime(message["Date"]).timestamp()),
        "headers": [[name, message[name]] for name in ("X-Note", "List-Unsubscribe") if name in message],
        "attachments": attachments(message),
    }
    for name, value in got.items():
        if value != sent[name]:
            yield f"{name}: {value!r} was {sent[name]!r}"
    for kind, name in (("plain", "text"), ("html", "html")):
        if not same_text(sent[name], body(message, kind)):
            yield f"{name}: {body(message, kind)!r} was {sent[name]!r}"
    for part in message.walk():
        for defect in part.defects:
            yield f"defect: {defect!r}"


def main():
    count = wrong = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
        count += 1
        for difference in differences(path.read_bytes(), json.loads(path.with_suffix(".json").read_text())):
            wrong += 1
            if wrong <= 20:
                print(f"{path.name}: {difference}")
    print(f"{count} messages, {wrong} differences")
    return 1 if wrong or count < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
