"""The clients of a job: raw sockets and one selector, so that asking costs less than answering. Beside `wrk -t1` with
as many connections it asks an empty server as often (28 000 requests a second), and the servers here as often as wrk.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field

from benchmarks.gateway_load import Job, Outcome, request_of

END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
MOST = 1 << 18
PATIENCE = 60.0
"""Seconds after which a server that answers nobody is given up."""


@dataclass(slots=True)
class Client:
    """A connection: a request, its reply, the next request."""

    socket: socket.socket
    begun: float = 0.0
    first: float = 0.0
    head: bytes = b""
    left: int | None = None
    """Bytes of the reply that are to come; None: it comes in chunks."""
    tail: bytes = b""

    def ask(self, request: bytes) -> None:
        """Begin with the next one."""
        self.head, self.first, self.left, self.tail = b"", 0.0, None, b""
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def feed(self, data: bytes) -> bool:
        """Bytes of the reply; True at its end."""
        if not self.first:
            self.head += data
            at = self.head.find(END)
            if at < 0 or len(self.head) == at + 4:
                return False
            self.first = time.perf_counter()
            self.left = _length(self.head[:at].lower())
            data = self.head[at + 4 :]
        if self.left is not None:
            self.left -= len(data)
            return self.left <= 0
        self.tail = (self.tail + data[-5:])[-5:]
        return self.tail == LAST_CHUNK


def _length(head: bytes) -> int | None:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else None


@dataclass(slots=True)
class Clients:
    """All clients of a job."""

    job: Job
    done: int = 0
    failed: int = 0
    asked: int = 0
    problem: str = ""
    wholes: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self) -> Outcome:
        """Until the time is over, or all were asked."""
        before, after = request_of(self.job)
        begun = time.perf_counter()
        until = begun + self.job.seconds if not self.job.requests else float("inf")
        waiting = 0
        for _ in range(self.job.connections):
            client = Client(self._connected())
            self.selector.register(client.socket, selectors.EVENT_READ, client)
            waiting += self._ask(client, before, after)
        while waiting and not self._is_enough(time.perf_counter() - until):
            for key, _ in self.selector.select(1.0):
                client = key.data
                if self._is_over(client):
                    waiting += self._ask(client, before, after) - 1
        took = time.perf_counter() - begun
        whole, first = (statistics.median(times or [0.0]) * 1000 for times in (self.wholes, self.firsts))
        return Outcome(self.done, self.failed, took, whole, first, self.problem[:600])

    def _is_enough(self, late: float) -> bool:
        """The time is over, and each client was answered once: a slow server gets longer for that."""
        return late >= 0 and (self.done + self.failed >= self.job.connections or late > PATIENCE)

    def _connected(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.job.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _ask(self, client: Client, before: bytes, after: bytes) -> int:
        """How many requests it sent: 0 at the end."""
        if self.job.requests and self.asked >= self.job.requests:
            return 0
        client.ask(before + b"%010d" % (self.job.number + self.asked) + after)
        self.asked += 1
        return 1

    def _is_over(self, client: Client) -> bool:
        """Read once; True when the request needs nothing more."""
        try:
            data = client.socket.recv(MOST)
        except OSError as error:
            data, self.problem = b"", str(error)
        if not data:
            self.problem = self.problem or "the connection was closed"
            self.failed += 1
            self._again(client)
            return True
        is_over = client.feed(data)
        if self.job.leaves and client.first:
            is_over = True
            self._again(client)
        if is_over:
            self._count(client)
        return is_over

    def _count(self, client: Client) -> None:
        if client.head[9:12] != b"200":
            self.failed += 1
            self.problem = client.head.decode("latin-1")
            return
        self.done += 1
        self.wholes.append(time.perf_counter() - client.begun)
        self.firsts.append(client.first - client.begun)

    def _again(self, client: Client) -> None:
        """Another connection for this client."""
        self.selector.unregister(client.socket)
        client.socket.close()
        client.socket = self._connected()
        self.selector.register(client.socket, selectors.EVENT_READ, client)


def main() -> None:
    """A job in, its outcome out."""
    print(json.dumps(asdict(Clients(Job(**json.loads(sys.argv[1]))).run())))


if __name__ == "__main__":
    main()
