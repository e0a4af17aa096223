"""Targets by name: `anthropic/claude-haiku-4-5` is a known provider and its model.

A provider's key is where it usually stands (`ANTHROPIC_API_KEY`); everything else (a server of one's own,
several keys, limits) is declared in the file of a gateway, whose upstreams go before providers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.addressing import check_path
from tokentape.upstreams.auth.kinds import NEED_KEYS, Surroundings
from tokentape.upstreams.presets import preset, preset_named
from tokentape.upstreams.upstream import Candidate, Credential, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.upstreams.upstream import Upstream

    Declared = Callable[[str], Upstream | None]


def target(
    text: str,
    declared: Declared | None = None,
    surroundings: Surroundings | None = None,
    *,
    asks: bool = True,
) -> Candidate:
    """The target called `text`: `UPSTREAM/MODEL`. `declared` gives an upstream of a file by its name. One
    that is not asked, since only its answers are looked up, needs no key.

    Raises `UsageError` for a name that nobody knows, for a model that cannot stand in a path, and for a key
    that is missing, naming the variable.
    """
    name, slash, model = text.partition("/")
    if not (name and slash and model):
        raise UsageError(f"target {text!r}: write UPSTREAM/MODEL, such as anthropic/claude-haiku-4-5")
    try:
        check_path(model)
    except UsageError as error:
        raise UsageError(f"target {text!r}: {error}") from None
    upstream = declared(name) if declared is not None else None
    if upstream is None:
        upstream = _known(name, surroundings or Surroundings(), asks=asks)
    if upstream.cassette is not None or upstream.passes_client_key:
        what = "a cassette" if upstream.cassette is not None else "asked with the keys of its clients"
        raise UsageError(f"target {name}: it is {what}, so it cannot be asked here; name one that has a key")
    return Candidate(upstream, upstream.own_model(model))


def _known(name: str, around: Surroundings, *, asks: bool) -> Upstream:
    """A provider as everybody knows it, with its key."""
    try:
        found = preset_named(name)
    except UsageError as error:
        raise UsageError(
            f"target {name}: no such upstream is declared (--config FILE), and it is no provider: {error}"
        ) from error
    missing = [place for place, usual in found.places.items() if not usual]
    if missing:
        raise UsageError(f"target {name}: it wants {', '.join(missing)}; declare it in a file, and name that")
    upstream = preset(name, {}, around)
    if found.auth not in NEED_KEYS or not asks:
        return upstream
    key = _key(found.variables, around.environment)
    if key is None:
        variables = " or ".join(found.variables) or "its key in a file, and name that"
        raise UsageError(f"target {name}: no key is there; set {variables}")
    return replace(upstream, credentials=(Credential("key1", key),))


def _key(variables: tuple[str, ...], environment: Mapping[str, str]) -> Secret | None:
    found = (environment.get(name, "").strip() for name in variables)
    return next((Secret(key) for key in found if key), None)
