"""What Cohere's bodies have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Path, Turn
    from tokentape.wire.interaction import Json

NAME = "cohere"


def own(origin: Origin | None) -> Origin | None:
    """The origin, if it is of this dialect."""
    return origin if origin is not None and origin.protocol == NAME else None


def rest_from(origin: Origin | None) -> Mapping[str, Json]:
    """The fields that stood beside what a node of this dialect says."""
    return origin.rest if origin is not None and origin.protocol == NAME else NOTHING


def spelling_from(origin: Origin | None) -> Mapping[str, Json]:
    """How a node of this dialect was written."""
    return origin.spelling if origin is not None and origin.protocol == NAME else NOTHING


def telling(path: Path, rest: Mapping[str, Json], spelling: Mapping[str, Json] = NOTHING) -> Origin | None:
    """An origin, if there is anything to tell."""
    return Origin(NAME, path, rest, spelling) if rest or spelling else None


def merged(rest: Mapping[str, Json], name: str, inner: Mapping[str, Json]) -> Mapping[str, Json]:
    """`rest` with that of the object in its field `name`."""
    return {**rest, name: dict(inner)} if inner else rest


def inner_of(rest: Mapping[str, Json], name: str) -> dict[str, Json]:
    """The rest of the object in field `name`."""
    found = rest.get(name)
    return dict(found) if isinstance(found, dict) else {}


def rest_of_turn(turn: Turn | None) -> Mapping[str, Json]:
    """The unknown fields of a native message."""
    return turn.rest if turn else NOTHING
