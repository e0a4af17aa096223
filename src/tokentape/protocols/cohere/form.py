"""What Cohere's bodies have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

NAME = "cohere"

_OLD = (
    ("message", "v1/chat"),
    ("prompt", "v1/generate"),
    ("text", "v1/chat"),
    ("generations", "v1/generate"),
    ("event_type", "v1/chat"),
    ("is_finished", "v1/generate"),
)
"""Fields of bodies and events of version 1, which version 2 does not have there."""


def refuse_old(body: Mapping[str, Json], where: Where, *names: str) -> None:
    """Raise for a body or an event of version 1 of the API, if one of the fields `names` tells it.

    Its streams are framed otherwise and its calls have no ids: it is recognised and passed on.
    """
    operation = next((operation for name, operation in _OLD if name in names and name in body), None)
    if operation is not None:
        where.wrong(f"it is of {operation}, which is passed on as it is; only v2/chat is translated")


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
