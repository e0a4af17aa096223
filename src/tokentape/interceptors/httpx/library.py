"""One httpx-like module, as the drivers need it: its classes, its exceptions, and wire data to and fro."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.interceptors import faults
from tokentape.interceptors.httpx import drivers, streams
from tokentape.wire.message import Request, headers_from_raw, headers_to_raw, without

if TYPE_CHECKING:
    from types import ModuleType

    import httpx

    from tokentape.outcomes import Miss, Replay, Served, Step
    from tokentape.wire.message import Headers

NEEDED = (
    "AsyncBaseTransport", "AsyncByteStream", "BaseTransport", "ByteStream", "RequestNotRead", "Response",
    "ResponseNotRead", "SyncByteStream", "TransportError",
)  # fmt: skip

NETWORK = ("HTTPTransport", "AsyncHTTPTransport")
IN_PROCESS = ("MockTransport", "ASGITransport", "WSGITransport")


class Library:
    """A module and what is composed for it once: streams and transports with the module's base classes."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.network = _classes(module, NETWORK)
        self.in_process = _classes(module, IN_PROCESS)
        sync_stream, async_stream = module.SyncByteStream, module.AsyncByteStream
        self.sync_tee = _composed(streams.SyncTee, sync_stream)
        self.async_tee = _composed(streams.AsyncTee, async_stream)
        self.sync_playing = _composed(streams.SyncPlaying, sync_stream)
        self.async_playing = _composed(streams.AsyncPlaying, async_stream)
        self.sync_driver = _composed(drivers.SyncDriver, module.BaseTransport)
        self.async_driver = _composed(drivers.AsyncDriver, module.AsyncBaseTransport)

    @property
    def codecs(self) -> frozenset[str]:
        """The content codings that the library can decode right now (brotli and zstandard are optional)."""
        decoders = getattr(getattr(self.module, "_decoders", None), "SUPPORTED_DECODERS", None)
        return frozenset(decoders or ("gzip", "deflate"))

    def loaded(self, request: httpx.Request) -> bytes | None:
        """The request's body where it is in memory, else None."""
        try:
            return request.content
        except self.module.RequestNotRead:
            return None

    def asked(self, request: httpx.Request, body: bytes | None) -> Request:
        """The request as wire data. No bytes count as a body only where the headers announce one."""
        headers = headers_from_raw(request.headers.raw)
        if (
            not body
            and "content-length" not in request.headers
            and "transfer-encoding" not in request.headers
        ):
            body = None
        return Request(request.method, str(request.url).partition("#")[0], headers, body)

    def response(self, answer: Replay | Miss, served: Served, stream: object) -> httpx.Response:
        """The library's own response with this head."""
        head = headers_to_raw(served.headers)
        extensions: dict[str, object] = {"http_version": f"HTTP/{answer.http}".encode("ascii")}
        if answer.http.startswith("1"):
            extensions["reason_phrase"] = answer.reason.encode("latin-1", "replace")
        made: httpx.Response = self.module.Response(
            answer.status, headers=head, stream=stream, extensions=extensions
        )
        return made

    def head(self, response: httpx.Response) -> tuple[int, str, Headers, str]:
        """Status, reason, headers and protocol version of a response that came."""
        version = response.extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace")
        http = version.removeprefix("HTTP/")
        reason: bytes | None = response.extensions.get("reason_phrase")
        if reason is None and http.startswith("1"):
            reason = response.reason_phrase.encode("latin-1")
        headers = headers_from_raw(response.headers.raw)
        return response.status_code, (reason or b"").decode("latin-1"), headers, http

    def consumed(self, response: httpx.Response) -> tuple[Headers, bytes]:
        """Headers and body of a response that was read before we saw it.

        The raw bytes where its stream can be read again, else the decoded content, with headers that fit.
        """
        headers = headers_from_raw(response.headers.raw)
        if isinstance(response.stream, self.module.ByteStream):
            return headers, b"".join(response.stream)
        try:
            body = response.content
        except self.module.ResponseNotRead:
            body = b""
        bare = without(headers, "content-encoding", "content-length", "transfer-encoding")
        return (*bare, ("content-length", str(len(body)))), body

    def raised(self, step: Step, request: httpx.Request) -> Exception:
        """The exception that a step stands for."""
        error = getattr(step, "error", None)
        if isinstance(error, Exception):
            return error
        return faults.exception(self.module, step.how, error, request)  # type: ignore[union-attr]


_libraries: dict[ModuleType, Library] = {}


def library_of(module: ModuleType) -> Library:
    """The one `Library` of a module object, whatever name it was imported under."""
    if module not in _libraries:
        _libraries[module] = Library(module)
    return _libraries[module]


def _classes(module: ModuleType, names: tuple[str, ...]) -> tuple[type, ...]:
    return tuple(getattr(module, name) for name in names if hasattr(module, name))


def _composed(mixin: type, base: type) -> type:
    return type(mixin.__name__, (mixin, base), {"__module__": mixin.__module__, "__doc__": mixin.__doc__})
