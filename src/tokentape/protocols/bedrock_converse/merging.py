"""Objects inside a body: read where they may be missing, and written over what nobody knew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def merged(rest: Mapping[str, Json], written: Fields) -> Fields:
    """`rest` with what was written, which wins; objects in both merge too."""
    if not rest:
        return written
    found: Fields = {**rest, **written}
    for name in rest.keys() & written.keys():
        left, value = rest[name], written[name]
        if isinstance(left, dict) and isinstance(value, dict):
            found[name] = merged(left, value)
    return found


def inner(body: Mapping[str, Json], name: str, where: Where) -> Fields:
    """The object called `name`; an empty one where there is none."""
    value = body.get(name)
    return {} if value is None else where.fields(value, name)
