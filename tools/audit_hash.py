#!/usr/bin/python3
"""The hash of rows of action_logs, from what docs/audit.md says and nothing else of this project.

    psql ... | python3 tools/audit_hash.py        # one row a line, as JSON; one hash a line

Keys of a row: chain_seq, prev_hash (hexadecimal), id, user_id, action, created_at, meta (the text of the jsonb).
"""

import datetime
import hashlib
import json
import struct
import sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def field(value):
    """A length of 8 bytes and the bytes; nothing at all is the length -1."""
    return struct.pack(">q", -1) if value is None else struct.pack(">q", len(value)) + value


def text(value):
    return None if value is None else value.encode()


def number(value):
    return None if value is None else struct.pack(">q", value)


def microseconds(value):
    if value is None:
        return None
    moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def binary_form(row):
    prev_hash = row.get("prev_hash")
    return b"".join((
        field(b"action_logs 1"),
        field(number(row.get("chain_seq"))),
        field(None if prev_hash is None else bytes.fromhex(prev_hash)),
        field(text(row["id"])),
        field(text(row.get("user_id"))),
        field(text(row.get("action"))),
        field(number(microseconds(row.get("created_at")))),
        field(text(row.get("meta"))),
    ))


def main():
    for line in sys.stdin:
        if line.strip():
            print(hashlib.sha256(binary_form(json.loads(line))).hexdigest())


if __name__ == "__main__":
    main()
