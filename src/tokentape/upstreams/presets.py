"""Providers that are known, and what of them becomes an upstream; the table is in `providers`.

    preset("azure", {"resource": "my-company"})

Options fill the places in an address, or are options of the way to authenticate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.compatible import quirks_of
from tokentape.upstreams.auth.kinds import auth_of
from tokentape.upstreams.providers import PRESETS
from tokentape.upstreams.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.upstreams.auth.kinds import Surroundings
    from tokentape.upstreams.provider import Preset
    from tokentape.wire.interaction import Json

_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.))*")
"""What may stand in an address: nothing that could end its host or its path."""


def preset(name: str, options: Mapping[str, Json], surroundings: Surroundings | None = None) -> Upstream:
    """The upstream of that name, without keys. Raises `UsageError` for an option that is missing or wrong."""
    found = preset_named(name)
    values = _values(found, options)
    rest = {key: value for key, value in options.items() if key not in found.places}
    given = {**{key: _filled(text, values) for key, text in found.auth_options.items()}, **rest}
    try:
        auth = auth_of(found.auth, given, surroundings)
    except UsageError as error:
        raise UsageError(f"preset {name}: {error}") from error
    return Upstream(
        name=found.name,
        dialect=found.dialect,
        also=found.also,
        base_url=_filled(found.base_url, values),
        auth=auth,
        provider=found.provider,
        quirks=quirks_of(found.server),
        headers=found.headers,
        query=_filled(found.query, values),
        paths=found.paths,
        forced=found.forced,
        dropped=found.dropped,
        keeps_responses=found.keeps_responses,
    )


def preset_named(name: str) -> Preset:
    """What is known about a provider. Raises `UsageError`, which lists all."""
    found = _NAMED.get(name)
    if found is None:
        raise UsageError(f"no preset {name!r} is known; known are {', '.join(sorted(_NAMED))}")
    return found


_NAMED = {one.name: one for one in PRESETS}


def _values(found: Preset, options: Mapping[str, Json]) -> dict[str, str]:
    """What fills the places, defaults included."""
    values: dict[str, str] = {}
    for place, usual in found.places.items():
        value = options.get(place, usual or None)
        if value is None:
            raise UsageError(f"preset {found.name}: the option {place} is missing; {found.name} wants it")
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None:
            raise UsageError(f"preset {found.name}: option {place}: {value!r} cannot stand in an address")
        values[place] = value
    if "region" in values:
        values["vertex_host"] = _vertex_host(values["region"])
    return values


def _vertex_host(region: str) -> str:
    """Vertex is at one host for all, one for a continent, or one for a region."""
    if region == "global":
        return "aiplatform.googleapis.com"
    return f"aiplatform.{region}.rep.googleapis.com" if region in _CONTINENTS else f"{region}-{_VERTEX}"


_CONTINENTS = frozenset({"us", "eu"})
_VERTEX = "aiplatform.googleapis.com"


def _filled(template: str, values: Mapping[str, str]) -> str:
    for place, value in values.items():
        template = template.replace(f"{{{place}}}", value)
    return template
