"""As much of a NATS client as tests and `./dev up` need; it shares no line with the product's."""

import itertools
import json
import socket
from base64 import b64decode


class NatsError(Exception):
    """JetStream or the server refused something."""


class NatsClient:
    def __init__(self, port, timeout=5):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self.inbox = f"_INBOX.test{id(self):x}"  # What is sent to `<inbox>.<word>` comes to this client.
        self._numbers = itertools.count(1)
        greeting = self._file.readline()
        if not greeting:
            raise ConnectionError("the NATS server hung up")
        self.info = json.loads(greeting.split(b" ", 1)[1])
        self._send(b'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n')
        self._send(f"SUB {self.inbox}.* 1\r\n".encode())
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self._socket.close()

    def publish(self, subject, payload, headers=None, reply=None):
        """Plain: the server does not say whether anybody, or a stream, took it. See flush()."""
        self._send(self._publication(subject, payload, headers, reply))

    def publish_all(self, messages):
        """The same for each (subject, payload, headers), in one write."""
        self._send(b"".join(self._publication(*message) for message in messages))

    @staticmethod
    def _publication(subject, payload, headers=None, reply=None):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        to = f"{subject} {reply} " if reply else f"{subject} "
        if headers:
            head = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
            start = f"HPUB {to}{len(head.encode())} {len(head.encode()) + len(body)}\r\n{head}"
        else:
            start = f"PUB {to}{len(body)}\r\n"
        return start.encode() + body + b"\r\n"

    def flush(self):
        """Returns when the server has read all that was published."""
        self._send(b"PING\r\n")
        while self._next() is not None:
            pass

    def request(self, subject, payload=b"", headers=None):
        """(headers, body) of the first answer; no answer raises TimeoutError."""
        reply = f"{self.inbox}.{next(self._numbers)}"
        self.publish(subject, payload, headers, reply)
        while True:
            message = self._next()
            if message is not None and message[0] == reply:
                if message[1].startswith(b"NATS/1.0 503"):
                    raise NatsError(f"nobody answers on {subject}")
                return message[1], message[2]

    def receive(self):
        """The next message as (subject, headers, body)."""
        while True:
            message = self._next()
            if message is not None:
                return message

    def publish_to_stream(self, subject, payload, headers=None):
        """Publishes and returns JetStream's acknowledgement: {"stream": ..., "seq": ...}."""
        return self._checked(self.request(subject, payload, headers)[1])

    def api(self, subject, request=None):
        """One call of the JetStream API, `$JS.API.` left out."""
        return self._checked(self.request(f"$JS.API.{subject}", b"" if request is None else request)[1])

    def messages(self, stream):
        """All that a stream holds: [(subject, headers as text, body)]."""
        state = self.api(f"STREAM.INFO.{stream}")["state"]
        found = []
        for number in range(state["first_seq"], state["last_seq"] + 1):
            try:
                message = self.api(f"STREAM.MSG.GET.{stream}", {"seq": number})["message"]
            except NatsError:
                continue
            found.append((message["subject"], b64decode(message.get("hdrs", "")).decode(), b64decode(message.get("data", ""))))
        return found

    @staticmethod
    def _checked(body):
        answer = json.loads(body)
        if "error" in answer:
            raise NatsError(answer["error"]["description"])
        return answer

    def _send(self, data):
        self._socket.sendall(data)

    def _next(self):
        """The next message as (subject, headers, body), or None at a PONG."""
        while True:
            line = self._file.readline()
            if not line:
                raise ConnectionError("the NATS server hung up")
            words = line.split()
            if words[0] == b"PONG":
                return None
            if words[0] == b"PING":
                self._send(b"PONG\r\n")
            elif words[0] == b"-ERR":
                raise NatsError(line.decode().strip())
            elif words[0] in (b"MSG", b"HMSG"):
                total = int(words[-1])
                head = int(words[-2]) if words[0] == b"HMSG" else 0
                data = self._file.read(total + 2)[:-2]
                return words[1].decode(), data[:head], data[head:]
