"""The listening socket and its threads: one that accepts, one for each connection.

Threads and blocking sockets, because a script wants the exact write, close and reset at the exact
moment, and because the server has to run beside any event loop of the program under test.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.testing.provider.connection import Performance
from tokentape.testing.provider.framing import BadRequest, RequestReader
from tokentape.testing.provider.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.testing.provider.framing import Asked
    from tokentape.testing.provider.script import Script

BACKLOG = 512
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Server:
    """Accepts connections on a loopback port from creation until `stop`.

    `respond` is called on the connection's thread with each request and returns the script to play.
    """

    def __init__(self, host: str, port: int, gap: float, respond: Callable[[Seen], Script]) -> None:
        self._gap = gap
        self._respond = respond
        self._open: dict[int, tuple[socket.socket, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._accepted = 0
        self._listener = socket.create_server((host, port), backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name=f"provider:{self.port}", daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """How many connections were accepted so far."""
        return self._accepted

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    def stop(self) -> None:
        """Close the port and every connection; returns when all threads have ended."""
        self._waker.send(b"x")
        self._thread.join()
        self._waker.close()
        with self._lock:
            connections = list(self._open.values())
        for connection, _ in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in connections:
            thread.join()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector, self._listener, self._woken:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                connection, _ = self._listener.accept()
                self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accepted += 1
        number = self._accepted
        thread = threading.Thread(
            target=self._serve, args=(connection, number), name=f"provider:{self.port}#{number}", daemon=True
        )
        with self._lock:
            self._open[number] = (connection, thread)
        thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            self._converse(connection, number)
        except BadRequest:
            with suppress(OSError):
                connection.sendall(BAD_REQUEST)
        except OSError:
            pass  # the other side has gone, or the provider stops: nobody is left to answer
        finally:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            with self._lock:
                del self._open[number]

    def _converse(self, connection: socket.socket, number: int) -> None:
        reader = RequestReader(connection)
        while (asked := reader.read()) is not None:
            performance = Performance(connection, asked, self._gap)
            performance.play(self._respond(seen(asked, number)))
            if performance.ended:
                break


def seen(asked: Asked, number: int) -> Seen:
    """The request as the provider's log keeps it."""
    return Seen(asked.method, asked.target, asked.headers, asked.body, time.monotonic(), number)
