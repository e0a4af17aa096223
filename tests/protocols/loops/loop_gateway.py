"""A server between an SDK of one dialect and a provider of another: tokentape's translation, and HTTP.

`POST /to/{dialect}/...`: what follows is a request as the SDK would send it to its own provider.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tokentape.errors import ProtocolError, UnsupportedFeature
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import MEDIA_TYPES
from tokentape.protocols.registry import recognise
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import (
    codec_of,
    read_request,
    translate_failure,
    translate_reply,
    translate_request,
)
from tokentape.wire.message import Request

MODELS = {
    "openai.chat": "gpt-5-mini",
    "openai.responses": "gpt-5-mini",
    "anthropic.messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ollama": "qwen3",
    "cohere": "command-a-03-2025",
}
"""The model that each provider runs."""

SEVEN = tuple(MODELS)

FRAGMENT = 53
"""Bytes that are translated at a time: no event comes whole."""


class Gateway(ThreadingHTTPServer):
    """`heard` are the bodies of the provider's replies, `lost` the loss reports, in order;
    `crashes` what tokentape, or this server, raised and should not have."""

    daemon_threads = True

    def __init__(self, provider_port):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider_port = provider_port
        self.heard = []
        self.lost = []
        self.crashes = []

    def url(self, dialect):
        """Where an SDK is pointed at, to reach a provider of `dialect`."""
        return f"http://127.0.0.1:{self.server_port}/to/{dialect}"

    def forget(self):
        self.heard.clear()
        self.lost.clear()
        self.crashes.clear()

    def handle_error(self, request, client_address):
        """Keep what went wrong here; an SDK that has what it wants may reset its connection."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.crashes.append(error)

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def log_message(self, format, *args):
        """Nothing."""

    def do_POST(self):
        _, _, to, rest = self.path.split("/", 3)
        body = self.rfile.read(int(self.headers["content-length"]))
        found = recognise(Request("POST", f"http://gateway.test/{rest}", tuple(self.headers.items()), body))
        source = Source(found.operation.dialect, found.operation.model, found.operation.stream)
        try:
            outgoing = self._outgoing(found.body, source, Target(to, MODELS[to]))
        except (ProtocolError, UnsupportedFeature) as error:
            self._fail(source.dialect, Failure(FailureKind.INVALID_REQUEST, str(error)))
            return
        # What the provider's reply is read as, and what the SDK hears.
        asked = read_request(found.body, source)
        answer = Target(source.dialect, asked=replace(asked, model=asked.model))
        with suppress(ConnectionError):
            self._forward(outgoing, Source(to, MODELS[to], bool(asked.stream)), answer)

    def _outgoing(self, body, source, target):
        translation = translate_request(body, source, target)
        self.server.lost.append(translation.losses)
        return translation.result

    def _forward(self, outgoing, source, target):
        provider = http.client.HTTPConnection("127.0.0.1", self.server.provider_port, timeout=20)
        query = f"?{outgoing.query}" if outgoing.query else ""
        try:
            headers = {"content-type": "application/json", "connection": "close"}
            provider.request("POST", f"/{outgoing.path}{query}", json.dumps(outgoing.body), headers)
            reply = provider.getresponse()
            if reply.status == 200 and source.stream:
                self._stream(reply, source, target)
            else:
                self._whole(reply, source, target)
        finally:
            provider.close()

    def _whole(self, reply, source, target):
        try:
            data = reply.read()
        except (http.client.IncompleteRead, ConnectionError):
            self._fail(target.dialect, Failure(FailureKind.INCOMPLETE, "the reply broke off"))
            return
        self.server.heard.append(data)
        if reply.status == 200:
            self._json(200, translate_reply(json.loads(data), source, target).result)
        else:
            self._json(*translate_failure(reply.status, json.loads(data), source.dialect, target.dialect))

    def _stream(self, reply, source, target):
        self.send_response(200)
        self.send_header("content-type", MEDIA_TYPES[codec_of(target.dialect).framing])
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        translator = StreamTranslator(source, target)
        heard = bytearray()
        self.server.heard.append(heard)  # an SDK may have read all it wants before the connection ends
        try:
            while piece := reply.read1(65536):
                heard += piece
                for at in range(0, len(piece), FRAGMENT):
                    self._chunk(translator.feed(piece[at : at + FRAGMENT]))
            self._chunk(translator.end())
        except (http.client.HTTPException, ConnectionError) as error:
            self._chunk(translator.fail(f"the provider broke off: {type(error).__name__}"))
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data):
        if data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _fail(self, dialect, failure):
        self._json(*codec_of(dialect).write_failure(failure))

    def _json(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
