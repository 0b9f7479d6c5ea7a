"""Publishes until JetStream says that it has it, many at once, also while its server comes and goes."""

import json
import time

from dev_stack.nats_client import NatsClient, NatsError

WINDOW = 256  # Publishes without an answer.


class GaveUp(Exception):
    """Somebody stopped the load, or NATS took nothing for too long."""


class Publisher:
    """One connection for all its life; what had no answer when that broke is published again, with the same id."""

    def __init__(self, port, stopped, patience=120):
        self._port, self._stopped, self._patience = port, stopped, patience
        self._nats = None
        self._unanswered = {}  # Number of the reply: (subject, event).
        self._number = 0
        self._last_answer = 0.0

    def close(self):
        if self._nats is not None:
            self._nats.close()
            self._nats = None

    def publish(self, subject, events):
        """Yields each event once JetStream has it, not always in their order."""
        rest = iter(events)
        self._last_answer = time.monotonic()
        while True:
            try:
                self._connect()
                self._fill(subject, rest)
                if not self._unanswered:
                    return
                answered = self._answer()
            except (OSError, NatsError, ValueError) as error:  # ValueError: a line that was cut.
                self._wait(error)
                continue
            if answered is not None:
                yield answered

    def _connect(self):
        if self._nats is not None:
            return
        self._nats = NatsClient(self._port)
        for number in list(self._unanswered):
            self._send(number)

    def _fill(self, subject, rest):
        while len(self._unanswered) < WINDOW:
            event = next(rest, None)
            if event is None:
                return
            self._number += 1
            self._unanswered[self._number] = (subject, event)  # First, so that it is not forgotten when this send fails.
            self._send(self._number)

    def _send(self, number):
        subject, event = self._unanswered[number]
        self._nats.publish(subject, event, reply=f"{self._nats.inbox}.{number}")

    def _answer(self):
        reply, headers, body = self._nats.receive()
        number = int(reply.rpartition(".")[2])
        if number not in self._unanswered:
            return None
        if headers.startswith(b"NATS/1.0 503") or "error" in json.loads(body):
            # No stream, or one that takes nothing just now: as a lost connection, with its pause.
            raise NatsError(body.decode() or "nobody answers")
        self._last_answer = time.monotonic()
        return self._unanswered.pop(number)[1]

    def _wait(self, error):
        self.close()
        if self._stopped() or time.monotonic() > self._last_answer + self._patience:
            raise GaveUp(f"{len(self._unanswered)} publishes have no answer: {error}") from error
        time.sleep(0.05)
