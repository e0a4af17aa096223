"""The aiohttp module, as the driver needs it: its classes, and ours composed with them once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.interceptors.aiohttp.replay import AwaitedReader, PlayingProtocol
from tokentape.interceptors.aiohttp.request import ReadPayload

if TYPE_CHECKING:
    from types import ModuleType

NETWORK = ("TCPConnector", "UnixConnector", "NamedPipeConnector")


class Library:
    """A module and what is composed for it once, with the module's own base classes.

    `says_close`: a connector that closes every connection also says so in a header (since 3.11).
    `connect_timeout`: the exception for a connection that took too long (its own since 3.10).
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.network = tuple(getattr(module, name) for name in NETWORK if hasattr(module, name))
        self.protocol = _composed(PlayingProtocol, module.client_proto.ResponseHandler)
        self.reader = _same_layout(AwaitedReader, module.streams.StreamReader)
        self.payload = _composed(ReadPayload, module.payload.Payload)
        self.says_close = not hasattr(module.ClientRequest, "keep_alive")
        self.connect_timeout = "ConnectionTimeoutError"
        if not hasattr(module, self.connect_timeout):
            self.connect_timeout = "ServerTimeoutError"

    @property
    def codecs(self) -> frozenset[str]:
        """The content codings that the library can decode right now (brotli and zstd are optional)."""
        parser = self.module.http_parser
        optional = {"br": "HAS_BROTLI", "zstd": "HAS_ZSTD"}
        return frozenset(
            ("gzip", "deflate", *(c for c, name in optional.items() if getattr(parser, name, 0)))
        )


_libraries: dict[ModuleType, Library] = {}


def library_of(module: ModuleType) -> Library:
    """The one `Library` of a module object."""
    if module not in _libraries:
        _libraries[module] = Library(module)
    return _libraries[module]


def _composed(mixin: type, base: type) -> type:
    return type(mixin.__name__, (mixin, base), {"__module__": mixin.__module__, "__doc__": mixin.__doc__})


def _same_layout(methods: type, base: type) -> type:
    """A subclass of `base` with these methods, whose objects could be `base`'s."""
    own = {name: value for name, value in vars(methods).items() if callable(value)}
    return type(methods.__name__, (base,), {**own, "__slots__": (), "__doc__": methods.__doc__})
