"""A provider, and a client that speaks to it in bytes, so that nothing in between can tidy up."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass

import pytest

from tokentape.testing.provider import Provider


@pytest.fixture
def provider():
    with Provider() as running:
        yield running


@dataclass
class Reply:
    """One reply as bytes. `ended`: "open" (framing says so), "eof" or "reset"."""

    head: bytes
    rest: bytes
    ended: str

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    @property
    def lines(self) -> list[bytes]:
        return self.head.split(b"\r\n")[1:]

    @property
    def chunks(self) -> list[bytes]:
        """Chunks of a chunked body, as far as they are whole."""
        found, rest = [], self.rest
        while b"\r\n" in rest:
            size, _, after = rest.partition(b"\r\n")
            length = int(size, 16)
            if not length or len(after) < length + 2:
                break
            found.append(after[:length])
            rest = after[length + 2 :]
        return found

    @property
    def json(self):
        return json.loads(self.rest)


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.rest = b""

    def send(self, method="GET", target="/any", *, body=None, headers=(), http="1.1") -> None:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        lines = [f"{method} {target} HTTP/{http}", "Host: x", *headers]
        if data is not None:
            lines.append(f"Content-Length: {len(data)}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + (data or b""))

    def head(self) -> bytes:
        while b"\r\n\r\n" not in self.rest:
            received = self.socket.recv(65536)
            assert received, f"ended inside a head: {self.rest!r}"
            self.rest += received
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return head

    def exactly(self, length: int) -> bytes:
        while len(self.rest) < length:
            received = self.socket.recv(1 << 20)
            assert received, f"ended {length - len(self.rest)} bytes early"
            self.rest += received
        data, self.rest = self.rest[:length], self.rest[length:]
        return data

    def until_end(self) -> tuple[bytes, str]:
        while True:
            try:
                received = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return self.rest, "reset"
            if not received:
                return self.rest, "eof"
            self.rest += received

    def reply(self) -> Reply:
        """One whole reply with content-length, chunked or no body; the connection stays open."""
        head = self.head()
        if b"\r\ntransfer-encoding: chunked" in head:
            body = b""
            while not body.endswith(b"0\r\n\r\n"):
                body += self.exactly(1)
            return Reply(head, body, "open")
        lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
        return Reply(head, self.exactly(lengths[0]) if lengths else b"", "open")

    def closed_reply(self) -> Reply:
        """A reply up to the end of the connection."""
        head = self.head()
        return Reply(head, *self.until_end())


@pytest.fixture
def wire(provider):
    opened = []

    def connect():
        opened.append(Wire(provider.port))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.socket.close()


@pytest.fixture
def ask(wire):
    """Send one request on a connection of its own and read to the end of the connection."""

    def asking(method="GET", target="/any", **rest):
        connection = wire()
        headers = (*rest.pop("headers", ()), "Connection: close")
        connection.send(method, target, headers=headers, **rest)
        return connection.closed_reply()

    return asking


CHAT = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "Capital of Norway?"}]}


@pytest.fixture
def chat():
    return CHAT
