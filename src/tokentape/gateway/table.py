"""Where calls go without a configuration: a fixed table, and the client's own key.

A key goes only to the host it was made for. So the API that a client speaks says whose it is, and the shape
of its key; a model's name decides only between those that take such a key (Chat servers whose keys have no
shape of their own). Whatever would lead a key elsewhere is refused, with a line that says what to do
instead.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.routing import Router, near
from tokentape.gateway.targets import NoRoute, Resolved, check_name
from tokentape.protocols.families import family_of
from tokentape.upstreams.auth.kinds import auth_of
from tokentape.upstreams.auth.passing import provider_of_key
from tokentape.upstreams.presets import preset, preset_named
from tokentape.upstreams.providers import PRESETS
from tokentape.upstreams.upstream import Candidate
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.gateway.targets import Asked
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.message import Headers

APIS = {
    "anthropic.messages": "anthropic",
    "anthropic.complete": "anthropic",
    "anthropic.files": "anthropic",
    "gemini": "gemini",
    "ollama": "ollama",
    "cohere": "cohere",
}
"""Whose API a dialect is, where it is one provider's; all of OpenAI's are spoken by many."""

MAKERS = {"google": "gemini"}
"""Presets whose name is not that of the maker of their keys."""

FAMILIES = {
    "claude": "anthropic",
    "gemini": "gemini",
    "gpt": "openai",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "grok": "xai",
    "command": "cohere",
}
"""Who makes a family of models, and is asked for it with a key of its own."""

UNSHAPED = frozenset({"deepseek", "mistral"})
"""Chat servers whose keys have no shape: there the model's name says whose the key is."""

MANY = frozenset({"llama", "qwen"})
"""Families that many servers have: their name says nothing about the key."""

ONE_FAMILY = frozenset({"anthropic", "deepseek", "mistral", "openai", "xai"})
"""Providers that have models of their own only."""

LOCAL = "ollama"
"""Asked on this machine, and never shown a key."""


class Table(Router):
    """Resolves calls where nothing is configured."""

    def __init__(self) -> None:
        super().__init__(())
        self._made: dict[str, Upstream] = {}

    def resolve(self, asked: Asked) -> Resolved:
        """The provider that a call is for. Raises `NoRoute` where its key would go elsewhere."""
        check_name(asked.model)
        name = asked.upstream if asked.upstream is not None else provider_for(asked)
        upstream = self._upstream(name)
        if not _speaks(upstream, asked.dialect):
            raise NoRoute(f"{name} has another API than {asked.dialect}; {_ADVICE}")
        return Resolved((Candidate(upstream, asked.model),))

    def _upstream(self, name: str) -> Upstream:
        if name not in self._made:
            self._made[name] = upstream_for(name)
        return self._made[name]


def upstream_for(name: str) -> Upstream:
    """A provider's upstream that is shown the client's own key. Raises `NoRoute` if none is called so."""
    if not any(one.name == name for one in PRESETS):
        raise NoRoute(f"no provider is called {name!r}; {near(name, [one.name for one in PRESETS])}")
    try:
        upstream = preset(name, {})
    except UsageError as error:
        raise NoRoute(f"{error}; it needs a configuration: tokentape serve --config FILE") from None
    if preset_named(name).auth in ("none", "optional"):
        return upstream
    auth = auth_of("client", {"provider": upstream.provider} if upstream.provider else {})
    return replace(upstream, auth=auth, passes_client_key=True)


def provider_for(asked: Asked) -> str:
    """The preset that a call is for, by its API, its key and its model."""
    api = APIS.get(asked.dialect)
    if api == LOCAL:
        return LOCAL
    if api is None and not asked.dialect.startswith(("openai.", "http")):
        raise NoRoute(f"{asked.dialect} is nobody's that is known without a configuration; {_ADVICE}")
    key = shown_key(asked.headers)
    maker = provider_of_key(key) if key else None
    family = family_of(asked.model, asked.dialect) if asked.model else ""
    owner = FAMILIES.get(family)
    if maker is not None:
        return _by_key(MAKERS.get(maker, maker), owner, asked)
    if api is not None:
        if owner not in (None, api):
            raise _elsewhere(asked.model, owner or "", api)
        return api
    if asked.dialect == "http":
        return _by_header(asked.headers)
    return _chat_server(owner, family, asked.model, has_key=bool(key))


def _by_key(maker: str, owner: str | None, asked: Asked) -> str:
    """The shape of the key says whose it is; a model that they do not have is refused here already."""
    if maker in ONE_FAMILY and owner not in (None, maker):
        raise _elsewhere(asked.model, owner or "", maker)
    if any(one.name == maker for one in PRESETS):
        return maker
    raise NoRoute(f"your key is one of {maker}'s, which is not known without a configuration; {_ADVICE}")


def _by_header(headers: Headers) -> str:
    """What no dialect recognises: by the fields that clients of one API send."""
    if header(headers, "anthropic-version") is not None:
        return "anthropic"
    return "gemini" if header(headers, "x-goog-api-key") is not None else "openai"


def _chat_server(owner: str | None, family: str, model: str, *, has_key: bool) -> str:
    """Whose a key without a shape is, on the paths of OpenAI's API."""
    if owner is None and not (has_key and family in MANY):
        return "openai"
    if owner == "openai" or owner in UNSHAPED:
        return owner
    if owner is None:
        raise NoRoute(f"model {model!r} is served by many, and your key does not say by whom; {_ADVICE}")
    raise _elsewhere(model, owner, "openai")


def _elsewhere(model: str, owner: str, asked: str) -> NoRoute:
    return NoRoute(
        f"model {model!r} is one of {owner}'s, and {asked} would be asked for it with your key, "
        f"which goes only to the host it was made for; {_ADVICE}"
    )


_ADVICE = (
    "use that provider's own API and key, say /to/NAME before the path, or write a configuration with "
    "upstreams and keys (tokentape serve --config FILE), which translates, too"
)


def _speaks(upstream: Upstream, dialect: str) -> bool:
    """True if an upstream has the API that a dialect is of: nothing is translated with a client's key."""
    if dialect == "http":
        return True
    maker = dialect.partition(".")[0]
    return dialect == upstream.dialect or any(
        one == dialect or (one.partition(".")[0] == maker and not _GENERATES.fullmatch(dialect))
        for one in (upstream.dialect, *upstream.also)
    )


_GENERATES = re.compile(r"openai\.(chat|responses|completions)|anthropic\.messages|gemini|ollama|cohere")


def shown_key(headers: Headers) -> str | None:
    """The key that a client shows, without what stands before it."""
    for name in ("authorization", "x-api-key", "api-key", "x-goog-api-key"):
        value = (header(headers, name) or "").strip()
        if value:
            scheme, space, token = value.partition(" ")
            return token.strip() if space and scheme.lower() in ("bearer", "token") else value
    return None
