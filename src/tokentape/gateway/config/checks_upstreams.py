"""What an upstream must say, and what it must not."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tokentape.gateway.config.document import Document
from tokentape.gateway.config.upstreams import UpstreamTable, WindowTable
from tokentape.gateway.config.values import NAME
from tokentape.gateway.config.wording import dotted, near
from tokentape.protocols.compatible import SERVERS, server_of
from tokentape.protocols.table import dialects
from tokentape.protocols.tool_ids import RULES
from tokentape.upstreams.auth.kinds import KINDS
from tokentape.upstreams.providers import PRESETS
from tokentape.wire.redact.names import header_kind, is_query_credential

_WORD = re.compile(r"[a-z]{1,12}(-[a-z]{1,12}){0,3}")
"""What is no key that somebody put into the wrong place."""


def check(document: Document) -> list[str]:
    """What is wrong with the upstreams."""
    problems: list[str] = []
    for name, upstream in document.upstreams.items():
        place = dotted(("upstreams", name))
        if NAME.fullmatch(name) is None:
            problems.append(f"{place}: {name[:60]!r} is no name; use letters, digits, '.', '-', '_'")
        for part in (_place, _dialects, _keys, _limits, _secrets, _differences):
            problems += [f"{place}{problem}" for problem in part(upstream)]
    return problems


def _place(upstream: UpstreamTable) -> Iterator[str]:
    """Where it is: a preset says it, or the dialect and the URL, or it is a cassette."""
    if upstream.preset is not None:
        names = [one.name for one in PRESETS]
        if upstream.preset not in names:
            yield f".preset: {upstream.preset!r} is not known; {near(upstream.preset, names)}"
    else:
        if upstream.dialect is None:
            yield ': says neither preset nor dialect; add preset = "NAME", or dialect and base_url'
        elif upstream.base_url is None and upstream.cassette is None:
            yield ": says no base_url; add it, or a preset"
        if upstream.options:
            yield ".options: are for a preset, and there is none; take them out"
    if upstream.base_url is not None:
        problem = _url(upstream.base_url)
        if problem:
            yield f".base_url: {problem}"
    if upstream.cassette is not None and (
        NAME.fullmatch(upstream.cassette) is None or ".." in upstream.cassette
    ):
        yield f".cassette: {upstream.cassette[:60]!r} is a path; give a name, and the folder as record.root"
    if upstream.query is not None and upstream.query.startswith(("?", "&")):
        yield f".query: begins with {upstream.query[0]!r}; write what comes after it"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL; write https://HOST/v1"
    if parts.scheme not in ("http", "https") or not host:
        return "is no URL of a server; write https://HOST/v1"
    if parts.username or parts.password:
        return "holds a user name or password; give it as a key"
    if parts.query or parts.fragment:
        return "holds a query; give it as query"
    if "{" in text or " " in text:
        return "holds a place to fill in; write the value"
    return ""


def _dialects(upstream: UpstreamTable) -> Iterator[str]:
    known = {dialect.name for dialect in dialects()}
    if upstream.dialect is not None and upstream.dialect not in known:
        yield f".dialect: {upstream.dialect!r} is not known; {near(upstream.dialect, known)}"
    for number, name in enumerate(upstream.also):
        if name not in known:
            yield f".also[{number}]: {name!r} is not known; {near(name, known)}"


def _keys(upstream: UpstreamTable) -> Iterator[str]:
    if upstream.keys and upstream.client_key:
        yield ".client_key: the client's own key is passed on, and there are keys; take one out"
    if upstream.auth is not None and upstream.auth.kind not in KINDS:
        kind = upstream.auth.kind
        shown = repr(kind) if _WORD.fullmatch(kind) else "this"
        yield f".auth.kind: {shown} is not known; {near(kind, KINDS)}"
    names: dict[str, int] = {}
    places: dict[str, int] = {}
    for number, key in enumerate(upstream.keys):
        name = key.name or f"key{number + 1}"
        if name in names:
            yield f".keys[{number}].name: {name!r} is taken by keys[{names[name]}]; rename one"
        if str(key.key) in places:
            yield f".keys[{number}]: {key.key} is keys[{places[str(key.key)]}], too; take one out"
        names.setdefault(name, number)
        places.setdefault(str(key.key), number)


def _limits(upstream: UpstreamTable) -> Iterator[str]:
    named = [
        ("limits", upstream.limits),
        *((f"keys[{number}]", key) for number, key in enumerate(upstream.keys)),
    ]
    for place, limits in named:
        for number, window in enumerate(limits.windows):
            yield from _window(window, f".{place}.windows[{number}]")
    names = [key.name or f"key{number}" for number, key in enumerate(upstream.keys, 1)]
    for number, cap in enumerate(upstream.caps):
        yield from _window(cap, f".caps[{number}]")
        if cap.key is not None and cap.key not in names:
            yield f".caps[{number}].key: there is no key {cap.key!r}; {near(cap.key, names)}"
    seen: dict[str, int] = {}
    for number, group in enumerate(upstream.quota_groups):
        for model in group:
            if seen.setdefault(model, number) != number:
                other = f"quota_groups[{seen[model]}]"
                yield f".quota_groups[{number}]: {model!r} stands in {other}, too; take one out"


def _window(window: WindowTable, where: str) -> Iterator[str]:
    if window.requests is None and window.tokens is None:
        yield f"{where}: limits nothing; add requests or tokens"
    if not window.per:
        yield f"{where}.per: 0 does not fit; give more than 0"


def _secrets(upstream: UpstreamTable) -> Iterator[str]:
    """Headers and queries are shown by --print-config, and in traces."""
    for name, value in upstream.headers.items():
        place = "." + dotted(("headers", name))
        if header_kind(name.lower()) in ("credential", "cookie"):
            auth = f'auth = {{ kind = "header", name = "{name}" }}'
            yield f"{place}: a secret does not belong here; write {auth} and keys"
        elif not name.isascii() or {*name} & {*": "} or not name or not (name + value).isprintable():
            yield f"{place}: is no header field; mend its name or value"
    for pair in (upstream.query or "").split("&"):
        if pair and is_query_credential(pair.partition("=")[0]):
            yield '.query: a secret does not belong here; write auth = "query" and keys'


def _differences(upstream: UpstreamTable) -> Iterator[str]:
    if upstream.server is not None and server_of(upstream.server.lower()) is None:
        names = [server.name for server in SERVERS]
        yield f".server: {upstream.server!r} is not known; {near(upstream.server, names)}"
    rule = upstream.quirks.tool_ids
    if rule is not None and rule not in RULES:
        yield f".quirks.tool_ids: {rule!r} is not known; {near(rule, RULES)}"
