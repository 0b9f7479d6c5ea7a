"""A TCP proxy between a worker and a server that cuts, stalls, trickles or spoils what passes; in a thread of its own."""

import asyncio
import contextlib
import random
import threading

CHUNK = 65_536


class Proxy:
    """Lets everything pass until told otherwise. The switches may be turned from any thread, at any time."""

    def __init__(self, server_port, seed=0):
        self.server_port, self.port = server_port, 0
        self.stalled = False  # Nothing passes, nothing is closed.
        self.refusing = False  # New connections are closed at once.
        self.at_once = 0  # So many bytes in one write, a write a millisecond; 0 = all.
        self.spoilt = 0.0  # In how many of the pieces, 0 to 1, one bit is flipped.
        self.flipped = 0  # How many were.
        self._chance = random.Random(seed)
        self._transports = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def calm(self):
        self.stalled, self.refusing, self.at_once, self.spoilt = False, False, 0, 0.0

    def cut(self):
        """Both sides of every connection are reset."""
        self._loop.call_soon_threadsafe(self._abort_all)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._abort_all()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    def _abort_all(self):
        for transport in list(self._transports):
            transport.abort()

    async def _connection(self, reader, writer):
        if self.refusing:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:  # As it is without a proxy, nearly: the connection is refused after it was taken.
            writer.transport.abort()
            return
        both = {writer.transport, up_writer.transport}
        self._transports |= both
        try:
            await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for transport in both:
                transport.abort()
            self._transports -= both

    async def _pump(self, reader, writer):
        while piece := await reader.read(CHUNK):
            if self.spoilt and self._chance.random() < self.spoilt:
                piece = self._flip(piece)
            await self._pass_on(piece, writer)
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _pass_on(self, piece, writer):
        start = 0
        while start < len(piece):
            while self.stalled:
                await asyncio.sleep(0.01)
            step = self.at_once or len(piece)
            writer.write(piece[start : start + step])
            await writer.drain()
            if self.at_once:
                await asyncio.sleep(0.001)
            start += step

    def _flip(self, piece):
        self.flipped += 1
        spoilt = bytearray(piece)
        spoilt[self._chance.randrange(len(spoilt))] ^= 1 << self._chance.randrange(8)
        return bytes(spoilt)
