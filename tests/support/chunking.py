"""CHUNKING (RFC 3030) for a server of aiosmtpd's, which has none."""

import asyncio
import re

SIZE = re.compile(r"(\d+)( +LAST)?", re.IGNORECASE)


class Chunking:
    """Put it before the server among the bases. Reads on while answers are late: a window of whole messages is taken as it comes."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._chunks = []
        self._late = []  # (when, status, whether it is a content's): what waits to be said, in order.
        self._speaking = None
        self._answer_after = 0.0

    async def pause(self, seconds):
        """Of the next answer only."""
        self._answer_after = seconds

    def unanswered(self):
        """Contents of this connection that the client has no answer to, the one included that is being kept."""
        return 1 + sum(content for _, _, content in self._late)

    async def smtp_QUIT(self, arg):
        if self._speaking is not None:
            await self._speaking
        await super().smtp_QUIT(arg)

    async def smtp_BDAT(self, arg):
        found = SIZE.fullmatch((arg or "").strip())
        if not found:  # Where the next command begins nobody knows.
            await self.push("501 Syntax: BDAT <octets> [LAST]")
            self.transport.close()
            return
        chunk = await self._reader.readexactly(int(found[1]))
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        self._chunks.append(chunk)
        if not found[2]:
            await self.push(f"250 2.0.0 {len(chunk)} octets")
            return
        self.envelope.content = self.envelope.original_content = b"".join(self._chunks)
        self.envelope.chunks = len(self._chunks)
        too_large = self.data_size_limit and len(self.envelope.content) > self.data_size_limit
        status = "552 Error: Too much mail data" if too_large else await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(status)

    def _set_post_data_state(self):
        super()._set_post_data_state()
        self._chunks = []

    async def push(self, status):
        after, self._answer_after = self._answer_after, 0.0
        if not after and not self._late:
            await super().push(status)
            return
        self._late.append((self.loop.time() + after, status, after > 0))
        if self._speaking is None:
            self._speaking = self.loop.create_task(self._speak())

    async def _speak(self):
        while self._late:
            when, status, _ = self._late[0]
            await asyncio.sleep(max(0.0, when - self.loop.time()))
            await super().push(status)
            self._late.pop(0)
        self._speaking = None

    def connection_lost(self, error):
        if self._speaking is not None:
            self._speaking.cancel()
        super().connection_lost(error)
