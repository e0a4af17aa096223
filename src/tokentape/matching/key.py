"""The match key: `hash(key version, operation, canonical(redacted request))`.

The same function computes it while recording, on replay, and from a file. It is frozen: whatever
changes a key changes `KEY_VERSION` too, and keys of an earlier version are computed again on load.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from tokentape.matching.address import is_loopback, place_of, port_of, query_of, scheme_of
from tokentape.matching.canonical import body_sections, encode
from tokentape.matching.chosen import Chosen
from tokentape.matching.duplicates import has_repeated_key
from tokentape.matching.fields import MatchOn
from tokentape.matching.normalise import normalised, registered
from tokentape.matching.patterns import compile_patterns
from tokentape.matching.payload import digest, payload_sections
from tokentape.matching.volatile import needs_settling, settle
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.wire.url import authority_of, host_of, path_of

if TYPE_CHECKING:
    from tokentape.matching.chosen import Sections
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

KEY_VERSION = "k1"

_FRAMING = frozenset({"content-type", "content-encoding"})
"""Headers that say how to read a body: with other ones, equal bytes may mean something else."""


class Matcher:
    """Computes keys under one `MatchOn` and the normalisers registered when it was made."""

    __slots__ = ("_chosen", "_fast", "_normalizers", "_patterns", "_selection", "match_on", "rules")

    def __init__(self, match_on: MatchOn | None = None) -> None:
        self.match_on = match_on or MatchOn()
        self._selection = self.match_on.selection
        self._chosen = Chosen(self._selection, self.match_on.ignore)
        self._patterns = compile_patterns(self.match_on.volatile)
        self._normalizers = registered()
        self._fast = _FRAMING | set(self._selection.headers)
        self.rules = f"{KEY_VERSION}:{self._fingerprint()}"
        """Key version, and a digest of everything that shapes keys: keys stored under it can be trusted."""

    def exact(self, request: Request) -> str:
        """A digest that is equal for requests equal byte for byte; their keys are then equal too.

        It covers method, URL, body and the headers that count. Port and spelling of a loopback host
        do not count, unless `match_on` names them.
        """
        fast = self._fast
        told = [f"{name}:{value}" for field, value in request.headers if (name := field.lower()) in fast]
        head = "\n".join((request.method.upper(), self._url(request.url), *sorted(told), ""))
        whole = hashlib.sha256(head.encode("utf-8", "surrogatepass"))
        whole.update(request.body or b"")
        return whole.hexdigest()[:16]

    def key(self, request: Request, recognised: Recognised | None = None) -> str:
        """The key of a redacted request; `recognised` saves recognising it again."""
        sections = self._sections(request, recognised)
        try:
            text = ",".join(f"{encode(name)}:{_encoded(sections[name])}" for name in sorted(sections))
        except RecursionError:
            text = encode(self._unread(request))
        return hashlib.sha256(f"{KEY_VERSION}\n{{{text}}}".encode()).hexdigest()[:24]

    def canonical(self, request: Request, recognised: Recognised | None = None) -> Sections:
        """What the key is computed from, to be compared and shown."""
        sections = self._sections(request, recognised)
        try:
            return {name: settle(value) for name, value in sections.items()}
        except RecursionError:
            return self._unread(request)

    def _sections(self, request: Request, found: Recognised | None) -> Sections:
        if self._normalizers:
            changed = normalised(request, self._normalizers)
            found, request = found if changed is request else None, changed
        found = found or recognise(request)
        method = request.method.upper()
        head = self._head(request, found, method)
        try:
            body = self._chosen.body(_body(request, found), found.shape)
            if self._patterns:
                body = {name: settle(value, self._patterns) for name, value in body.items()}
        except RecursionError:
            body = {"bytes": digest(request.body or b"")}
        return head | body

    def _head(self, request: Request, found: Recognised, method: str) -> Sections:
        fields = self._chosen.fields(found, method)
        head: Sections = {}
        if "operation" in fields:
            head["operation"] = found.operation.full_name
        if "method" in fields:
            head["method"] = method
        self._add_address(head, request.url, fields)
        for name in self._selection.headers:
            head[f"headers.{name}"] = [value for field, value in request.headers if field.lower() == name]
        if self._chosen.needs_raw_body:
            head["raw_body"] = digest(request.body or b"")
        return head

    def _add_address(self, head: Sections, url: str, fields: frozenset[str]) -> None:
        if "scheme" in fields:
            head["scheme"] = scheme_of(url)
        if "host" in fields:
            head["host"] = place_of(url)
        if "port" in fields:
            head["port"] = port_of(url)
        if "path" in fields:
            head["path"] = path_of(url)
        if "?" in url:
            self._add_query(head, url, fields)

    def _add_query(self, head: Sections, url: str, fields: frozenset[str]) -> None:
        pairs = query_of(url)
        if "query" in fields:
            dropped = self._selection.without("query.")
            kept: list[Json] = [[name, value] for name, value in pairs if name not in dropped]
            if kept:
                head["query"] = kept
        for wanted in self._selection.named("query."):
            head[f"query.{wanted}"] = [value for name, value in pairs if name == wanted]

    def _url(self, url: str) -> str:
        return url.partition("#")[0] if "port" in self._selection.chosen else _without_port(url)

    def _unread(self, request: Request) -> Sections:
        """A body nested too deeply to be read as JSON counts as bytes."""
        return {"method": request.method, "path": path_of(request.url), "bytes": digest(request.body or b"")}

    def _fingerprint(self) -> str:
        chosen = self._selection
        shaping = [
            sorted(chosen.chosen),
            sorted(chosen.removed),
            chosen.adapts,
            sorted(self.match_on.ignore),
            list(self.match_on.volatile),
            [[normalizer.name, normalizer.version] for normalizer in self._normalizers],
        ]
        return hashlib.sha256(encode(shaping).encode()).hexdigest()[:4]


@lru_cache(maxsize=256)
def _without_port(url: str) -> str:
    """The URL without its fragment; one of this machine as if it had no port."""
    url = url.partition("#")[0]
    return url.replace(f"//{authority_of(url)}", "//localhost", 1) if is_loopback(host_of(url)) else url


def _encoded(value: Json) -> str:
    text = encode(value)
    return encode(settle(value)) if needs_settling(text) else text


def _body(request: Request, found: Recognised) -> Sections:
    """The body by sections, and what the path says about model and stream."""
    body = request.body
    if not found.is_json or not body or has_repeated_key(body, found.body):
        sections = payload_sections(request)
    else:
        sections = body_sections(found.body, found.shape)
    if found.dialect is not None:
        _lift(sections, found)
    return sections


def _lift(sections: Sections, found: Recognised) -> None:
    """Model and stream as sections of their own, wherever the dialect puts them."""
    operation, rest = found.operation, sections.get("body")
    fields = rest if isinstance(rest, dict) else {}
    for name, value in (("model", operation.model), ("stream", operation.stream or None)):
        if value is not None:
            sections[name] = value
            if fields.get(name) is value or fields.get(name) == operation.model is not None:
                del fields[name]
    if operation.kind is Kind.EMBED:
        _one_text(fields)


def _one_text(fields: Sections) -> None:
    """One text to embed and a list of one text get the same answer."""
    value = fields.get("input")
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        fields["input"] = value[0]
