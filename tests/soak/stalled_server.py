#!/usr/bin/python3
"""A mail server that falls silent: at the greeting, or once it has read a content. SIGUSR1: it speaks again, where it stopped.

One line a content that it has read to its end: the recipient. A program of its own, so that it is fast whatever its starter does.
"""

import argparse
import asyncio
import signal

EHLO = b"250-stalled.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 33554432\r\n"
END = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.buffer = b""
        self.recipient = None
        self.in_content = False

    def connection_made(self, transport):
        self.transport = transport
        self.say(b"220 stalled.test\r\n", at="greeting")

    def connection_lost(self, _):
        self.server.held.pop(self, None)

    def say(self, reply, at=None):
        if at is not None and at == self.server.stall:
            self.server.held[self] = self.server.held.get(self, b"") + reply
        else:
            self.transport.write(reply)

    def data_received(self, data):
        self.buffer += data
        while self.take():
            pass

    def take(self):
        """Whether there was a whole command or content."""
        end = END if self.in_content else b"\r\n"
        # The CRLF before the dot may be that of DATA itself, where the content is empty; ours never is.
        found = self.buffer.find(end)
        if found < 0:
            return False
        piece, self.buffer = self.buffer[:found], self.buffer[found + len(end):]
        if self.in_content:
            self.in_content = False
            self.server.note(self.recipient)
            self.say(b"250 2.0.0 kept\r\n", at="content")
        else:
            self.command(piece)
        return True

    def command(self, line):
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.say(EHLO)
        elif verb == b"RCPT":
            self.recipient = line[line.index(b"<") + 1 : line.index(b">")]
            self.say(b"250 2.1.5 OK\r\n")
        elif verb == b"DATA":
            self.in_content = True
            self.say(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.say(b"221 2.0.0 bye\r\n")
            self.transport.close()
        else:
            self.say(b"250 2.0.0 OK\r\n")


class Server:
    def __init__(self, stall, arrived):
        self.stall, self.arrived = stall, arrived
        self.held = {}  # What each silent session would say.

    def note(self, recipient):
        self.arrived.write(recipient + b"\n")

    def speak(self):
        self.stall = None
        for session, reply in self.held.items():
            session.transport.write(reply)
        self.held = {}


async def serve(arguments):
    with open(arguments.arrived, "ab", buffering=0) as arrived:
        server = Server(arguments.stall, arrived)
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: Session(server), "127.0.0.1", arguments.port, backlog=512)
        loop.add_signal_handler(signal.SIGUSR1, server.speak)
        print("listening", flush=True)
        await listening.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--arrived", required=True, help="the file of recipients, appended to")
    parser.add_argument("--stall", choices=("greeting", "content"), help="where it falls silent; left out: nowhere")
    asyncio.run(serve(parser.parse_args()))
