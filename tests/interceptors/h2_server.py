"""A few lines of HTTP/2 with prior knowledge, for one thing: what a client does with streams on one connection."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import h2.config
import h2.connection
import h2.events


class H2Server:
    """Answers each stream by its path: `/N` with chunks, `/reset` with two chunks and RST_STREAM."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.connections = 0
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for each in [self._listening, *self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        paths = {}
        with suppress(OSError):
            connection.sendall(state.data_to_send())
            while data := connection.recv(65536):
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        paths[event.stream_id] = dict(event.headers)[b":path"].decode()
                    elif isinstance(event, h2.events.StreamEnded):
                        self._answer(state, connection, event.stream_id, paths[event.stream_id])
                connection.sendall(state.data_to_send())

    def _answer(self, state, connection, stream, path):
        state.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
        for n in range(3):
            state.send_data(stream, f"data: {path} {n}\n\n".encode(), end_stream=n == 2 and path != "/reset")
            connection.sendall(state.data_to_send())
            time.sleep(0.005)
            if path == "/reset" and n == 1:
                state.reset_stream(stream, 2)
                return
