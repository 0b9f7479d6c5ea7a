"""A mail server that throws everything away and counts: fast enough not to be what is measured.

Announces PIPELINING, CHUNKING, SIZE and 8BITMIME. Writes how many messages it has taken into a file.
"""

import argparse
import asyncio
import pathlib


class Session(asyncio.Protocol):
    taken = 0

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""
        self.in_data = False
        self.chunk_left = 0
        transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data):
        self.buffer += data
        replies = []
        while self.step(replies):
            pass
        if replies:
            self.transport.write(b"".join(replies))

    def step(self, replies):
        """Takes one command, or the rest of a content, out of the buffer."""
        if self.chunk_left:
            taken = self.buffer[: self.chunk_left]
            self.buffer = self.buffer[len(taken) :]
            self.chunk_left -= len(taken)
            if self.chunk_left == 0:
                replies.append(self.accepted())
            return bool(taken)
        end = b"\r\n.\r\n" if self.in_data else b"\r\n"
        line, found, rest = self.buffer.partition(end)
        if not found:
            return False
        self.buffer = rest
        if self.in_data:
            self.in_data = False
            replies.append(self.accepted())
        else:
            replies.append(self.reply(line.upper().split()))
        return True

    def accepted(self):
        Session.taken += 1
        return b"250 2.0.0 taken\r\n"

    def reply(self, words):
        verb = words[0] if words else b""
        if verb == b"EHLO":
            return b"250-sink.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 33554432\r\n250 8BITMIME\r\n"
        if verb == b"DATA":
            # The content begins behind the line break that ends this command.
            self.in_data, self.buffer = True, b"\r\n" + self.buffer
            return b"354 go on\r\n"
        if verb == b"BDAT":
            self.chunk_left = int(words[1])
            return b""
        if verb == b"QUIT":
            return b"221 bye\r\n"
        return b"250 2.0.0 ok\r\n"


async def serve(port, count_file):
    await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port)
    while True:
        partial = count_file.with_suffix(".partial")
        partial.write_text(str(Session.taken))
        partial.rename(count_file)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count-file", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.count_file))
