"""Links between a worker and its servers: they count the worker's connections and can cut them."""

import asyncio
import contextlib
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing resets the connection.


class Link:
    """A port in front of a server's; one worker uses it, so that each connection is known to be that worker's."""

    def __init__(self, loop, target_port):
        self._loop, self._target_port = loop, target_port
        self._pairs = set()
        self._server = None
        self.port = None

    async def listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self):
        self._server.close()

    def count(self):
        """Connections through to the server now."""
        return len(self._pairs)

    def cut(self):
        """All of them, both sides, as a broken network would."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _cut(self):
        for pair in list(self._pairs):
            for writer in pair:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                writer.transport.abort()

    async def _serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.close()  # The server is not there, and now we are not either.
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        finally:
            self._pairs.discard(pair)
            for one in pair:
                one.close()

    @staticmethod
    async def _pass_on(reader, writer):
        """Until one side ends; then the other is told."""
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 18):
                writer.write(data)
                await writer.drain()
        writer.close()


class Links:
    """A thread that runs all of them."""

    def __init__(self):
        self._links = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def to(self, target_port):
        link = Link(self._loop, target_port)
        asyncio.run_coroutine_threadsafe(link.listen(), self._loop).result(10)
        self._links.append(link)
        return link

    def close(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(10)

    async def _end(self):
        for link in self._links:
            link.close()
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
        self._loop.stop()
