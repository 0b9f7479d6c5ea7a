#!/usr/bin/python3
"""A mail server that delivers nothing: it keeps each message as a file, for development and tests.

Each message is FOLDER/<number>.eml, byte for byte as it was sent (dot-stuffing removed), and one line of
FOLDER/index.jsonl: {"file", "from", "to", "message_id", "options", "peer", "helo", "tls", "user", "bytes", "chunks", "unanswered", "at"}.
With --index-only that line is all that is kept, and "file" is null. "chunks" is 0 where the content came by DATA,
"unanswered" how many contents of the connection have no answer yet, this one included.
With --announce CHUNKING it knows BDAT too, and then reads on while an answer is late.

The local part of a recipient makes it misbehave:
  refuse-550@..., later-450@...   RCPT is answered with that code
  refuse-550-5.7.1@...            ... and with that enhanced status code
  content-554@...                 the content is answered with that code, and not kept
  lost@...                        the content is kept, and the connection closed without an answer
  silent@...                      the content is kept, and never answered
  half@...                        the connection is closed at DATA
"""

import argparse
import asyncio
import base64
import json
import os
import pathlib
import re
import signal
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult
from chunking import Chunking

MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2")
SCRIPTED = re.compile(r"(refuse|later|content)-(\d{3})(?:-(\d\.\d{1,3}\.\d{1,3}))?@")


def scripted_reply(address, kinds):
    """The reply that the address asks for, or None."""
    found = SCRIPTED.match(address)
    if not found or found[1] not in kinds:
        return None
    code = found[2]
    enhanced = found[3] or f"{code[0]}.1.1"
    return f"{code} {enhanced} <{address}>: as the address asks for"  # With the address, as Postfix and Exim do.


MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def message_id(content):
    """What its header says, or an empty text."""
    found = MESSAGE_ID.search(content.partition(b"\r\n\r\n")[0])
    return found[1].decode(errors="replace") if found else ""


class Catcher:
    """The hooks that aiosmtpd calls."""

    def __init__(self, folder, account, announced, index_only=False, answer_after=0.0):
        self.folder = folder
        self.account = account
        self.announced = announced
        self.index_only = index_only
        self.answer_after = answer_after
        self.index = (folder / "index.jsonl").open("a", encoding="utf-8")
        self.number = max((int(path.stem) for path in folder.glob("[0-9]*.eml")), default=0)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        known = [line for line in responses[1:] if line != "250-AUTH "]
        return responses[:1] + [f"250-{keyword}" for keyword in self.announced] + known

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = scripted_reply(address, ("refuse", "later"))
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            reply = scripted_reply(address, ("content",))
            if reply:
                return reply
        self.keep(server, session, envelope)
        if self.answer_after:
            await server.pause(self.answer_after)
        if any(address.startswith("lost@") for address in envelope.rcpt_tos):
            server.transport.close()
        if any(address.startswith("silent@") for address in envelope.rcpt_tos):
            await asyncio.Event().wait()
        return f"250 2.0.0 kept as {self.number:06}.eml"

    def keep(self, server, session, envelope):
        self.number += 1
        path = self.folder / f"{self.number:06}.eml"
        if not self.index_only:
            partial = path.with_suffix(".partial")
            partial.write_bytes(envelope.original_content)
            partial.rename(path)
        line = {
            "file": None if self.index_only else path.name, "from": envelope.mail_from, "to": envelope.rcpt_tos,
            "message_id": message_id(envelope.original_content), "options": envelope.mail_options,
            "peer": session.peer[1], "helo": session.host_name, "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": getattr(session, "user", None),
            "bytes": len(envelope.original_content), "chunks": getattr(envelope, "chunks", 0),
            "unanswered": server.unanswered(), "at": time.time(),
        }
        self.index.write(json.dumps(line) + "\n")
        self.index.flush()

    def authenticate(self, server, session, envelope, mechanism, data):
        session.user = data.login.decode()
        account = f"{session.user}:{data.password.decode()}"
        return AuthResult(success=account == self.account, handled=False, auth_data=data)

    async def auth_XOAUTH2(self, server, args):
        """user=...^Aauth=Bearer token^A^A in base64, with the command or after an empty challenge.

        A failure is a challenge first, as at Google and Microsoft.
        """
        response = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        text = bytes(response).decode()
        found = re.fullmatch("user=(.*)\x01auth=Bearer (.*)\x01\x01", text)
        if found and f"{found[1]}:{found[2]}" == self.account:
            server.session.user = found[1]
            return AuthResult(success=True, auth_data=found[1])
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)


class Server(SMTP):
    """aiosmtpd's, which can also hang up at DATA, and takes answers to AUTH as long as RFC 4954, 4 allows."""

    async def pause(self, seconds):
        """Before the answer to a content."""
        await asyncio.sleep(seconds)

    def unanswered(self):
        """Nothing is read before it is answered."""
        return 1

    async def challenge_auth(self, *arguments, **more):
        usual, self._reader._limit = self._reader._limit, 12288
        try:
            return await super().challenge_auth(*arguments, **more)
        finally:
            self._reader._limit = usual

    async def smtp_DATA(self, arg):
        if any(address.startswith("half@") for address in self.envelope.rcpt_tos):
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class ChunkingServer(Chunking, Server):
    """With BDAT."""


def tls_context(pair):
    if not pair:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): one that is free")
    parser.add_argument("--port-file", type=pathlib.Path, help="where to write the port once it listens")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where to keep the messages")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--starttls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="offer and demand STARTTLS")
    tls.add_argument("--implicit-tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="TLS from the first byte")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="demand AUTH (PLAIN, LOGIN or XOAUTH2)")
    parser.add_argument("--only-mechanism", choices=MECHANISMS, help="offer no other")
    parser.add_argument("--utf8", action="store_true", help="offer SMTPUTF8")
    parser.add_argument("--max-bytes", type=int, default=32 * 1024 * 1024, help="SIZE; 0 = none")
    parser.add_argument("--announce", action="append", default=[], metavar="KEYWORD",
                        help="one more line of the answer to EHLO, such as PIPELINING or 'LIMITS MAILMAX=2'")
    parser.add_argument("--index-only", action="store_true", help="keep no messages, only their lines in the index")
    parser.add_argument("--answer-after", type=float, default=0, metavar="SECONDS",
                        help="keep each content at once, and answer so much later")
    return parser.parse_args()


async def serve(arguments):
    arguments.folder.mkdir(parents=True, exist_ok=True)
    catcher = Catcher(
        arguments.folder, arguments.auth, arguments.announce, arguments.index_only, arguments.answer_after)
    offered = {arguments.only_mechanism} if arguments.only_mechanism else set(MECHANISMS if arguments.auth else ())

    kind = ChunkingServer if "CHUNKING" in arguments.announce else Server

    def connection():
        return kind(
            catcher, hostname="mail-catcher.test", data_size_limit=arguments.max_bytes, timeout=300,
            enable_SMTPUTF8=arguments.utf8, decode_data=False, tls_context=tls_context(arguments.starttls),
            require_starttls=bool(arguments.starttls), auth_required=bool(arguments.auth), auth_require_tls=False,
            authenticator=catcher.authenticate if arguments.auth else None,
            auth_exclude_mechanism=set(MECHANISMS) - offered, loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        connection, arguments.host, arguments.port, ssl=tls_context(arguments.implicit_tls))
    port = server.sockets[0].getsockname()[1]
    if arguments.port_file:
        partial = arguments.port_file.with_name(arguments.port_file.name + ".partial")
        partial.write_text(f"{port}\n", encoding="ascii")
        partial.rename(arguments.port_file)
    print(f"keeping mail for port {port} in {arguments.folder}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    os.umask(0o022)
    asyncio.run(serve(parse_arguments()))
