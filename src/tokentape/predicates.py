"""Which calls are captured: `Predicates` to write your own, `DefaultPredicates` for calls of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.dialect import Kind
from tokentape.protocols.hosts import is_local, is_provider, is_shared
from tokentape.protocols.registry import recognise
from tokentape.wire.url import authority_of, host_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.dialect import Operation
    from tokentape.wire.message import Request

ASKS_A_MODEL = frozenset({Kind.GENERATE, Kind.EMBED, Kind.MEDIA})
ASIDE = frozenset({Kind.TELEMETRY, Kind.WARMUP})
"""Traffic that says nothing about the program: its replies are not judged, and it cannot fail a test."""


class Predicates:
    """Decides about each request; a call is captured if either answer is true. Never changes anything.

    Subclass it and override what you need; both answers are no here.
    """

    def is_llm_call(self, request: Request) -> bool:
        """True if `request` asks a model, or belongs to such a call."""
        del request
        return False

    def is_tool_call(self, request: Request) -> bool:
        """True if `request` is a tool's own traffic that should be recorded too."""
        del request
        return False


class DefaultPredicates(Predicates):
    """Calls of models: at known providers, at local servers that speak a known dialect, at `hosts`.

    At a provider and at `hosts`, whatever carries a prompt or content counts: generation, embeddings,
    media, files, token counts, POSTs nobody knows yet, and what is read as an event stream. Model lists,
    telemetry and warm-up calls do not. At local servers, and at hosts that also serve other things, path
    and body must show a dialect.

    `hosts` are names such as `llm.example.com`, with a port (`llm.example.com:8443`) if only that one is
    meant, or `*.example.com` for every name below. Raises `UsageError` for anything else.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        if isinstance(hosts, str):
            raise UsageError(f"hosts is a list of names, not one string: hosts=[{hosts!r}]")
        self.hosts = tuple(_checked(host) for host in hosts)

    def is_llm_call(self, request: Request) -> bool:
        """True for calls of models, as the class says."""
        host = host_of(request.url)
        if self._is_added(request.url, host) or is_provider(host):
            return _carries_content(recognise(request).operation, request)
        if is_local(host) or is_shared(host):
            return _shows_dialect(request)
        return False

    def _is_added(self, url: str, host: str) -> bool:
        return bool(self.hosts) and any(_fits(wanted, url, host) for wanted in self.hosts)


def is_aside(request: Request) -> bool:
    """True for telemetry and warm-up calls."""
    return recognise(request).operation.kind in ASIDE


def _carries_content(operation: Operation, request: Request) -> bool:
    if operation.kind in ASIDE:
        return False
    asks = operation.kind in ASKS_A_MODEL or operation.kind is Kind.FILES
    return asks or request.method.upper() == "POST" or _asks_for_events(request)


def _asks_for_events(request: Request) -> bool:
    """A stream of events that is read with GET: the output of a prediction (Replicate)."""
    return "text/event-stream" in (request.header("accept") or "").lower()


def _shows_dialect(request: Request) -> bool:
    """Path and body of a known dialect; most requests on such hosts have no body, and are not looked at."""
    if not request.body or request.method.upper() != "POST":
        return False
    found = recognise(request)
    if found.operation.kind in ASKS_A_MODEL:
        return isinstance(found.body, dict) or not found.is_json
    return found.operation.name == "count_tokens"


def _fits(wanted: str, url: str, host: str) -> bool:
    name, _, port = wanted.partition(":")
    if port and not authority_of(url).endswith(":" + port):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _checked(host: str) -> str:
    name = host.strip().lower().rstrip(".")
    bare = name.removeprefix("*.")
    if not bare or any(mark in bare for mark in "/@*? "):
        raise UsageError(
            f"not a host name: {host!r}; write 'llm.example.com', '*.example.com' or 'name:port'"
        )
    return name
