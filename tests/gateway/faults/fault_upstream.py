"""An upstream by hand, on asyncio: it streams on command, and knows how much of it was taken."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chat_event(text, **more):
    """One event of Chat Completions."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, **more}
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: %b\n\n" % json.dumps({**body, "choices": [choice]}).encode()


END = chat_event("", finish_reason="stop") + b"data: [DONE]\n\n"


def chunked(data):
    """A piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Flood:
    """Streams `count` events of `size` bytes to whoever asks, as fast as they are taken.

    `taken` are bytes that went into the socket; `stuck` is set once nothing was taken for a while.
    """

    def __init__(self, count, size):
        self.count, self.size = count, size
        self.taken = 0
        self.stuck, self.done = threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._listener.close()
            thread.join(10)

    def _serve(self):
        with self._listener.accept()[0] as peer:
            peer.recv(65536)
            peer.settimeout(0.5)
            event = chunked(chat_event("x" * self.size))
            pieces = (HEAD, *[event] * self.count, chunked(END), b"0\r\n\r\n")
            try:
                for piece in pieces:
                    self._send(peer, memoryview(piece))
            except OSError:
                return
            self.done.set()
            peer.settimeout(10)
            with suppress(OSError):
                peer.recv(1)

    def _send(self, peer, data):
        while data:
            try:
                sent = peer.send(data)
            except TimeoutError:
                self.stuck.set()
                continue
            self.taken += sent
            data = data[sent:]


class Together:
    """Begins every stream at once, and goes on with none before `count` of them have begun."""

    def __init__(self, count):
        self.count = count
        self.open = 0
        self.most = 0

    async def start(self):
        self.all = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader, writer):
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        self.open += 1
        self.most = max(self.most, self.open)
        if self.open == self.count:
            self.all.set()
        writer.write(HEAD + chunked(chat_event("One ")))
        await self.all.wait()
        writer.write(chunked(chat_event("two.")) + chunked(END) + b"0\r\n\r\n")
        await writer.drain()
        self.open -= 1
        await reader.read(1)

    async def stop(self):
        self._server.close()
