"""Where a canonical node came from, and what stood there that the canonical form does not tell.

An origin never says what a node means: equality ignores it, a changed node keeps it, and only the
dialect that made it reads it. So unknown fields survive same-dialect use and cannot leak elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

    Path = tuple[str | int, ...]


class _Nothing(dict[str, "Json"]):
    """No fields, ever; hashable, so that it may be a default."""

    __slots__ = ()

    def __setitem__(self, name: str, value: Json) -> None:
        raise TypeError("NOTHING stays empty")

    __hash__ = object.__hash__  # type: ignore[assignment]


NOTHING: Mapping[str, Json] = _Nothing()
"""No fields."""


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One native message, of which several items may have come (same object: same message).

    `rest` holds its fields that nobody has told us about, `spelling` how the known ones were written
    where the dialect has several ways ("content": a string or blocks).
    """

    path: Path
    rest: Mapping[str, Json] = NOTHING
    spelling: Mapping[str, Json] = NOTHING


@quick
@dataclass(frozen=True, slots=True)
class Origin:
    """`protocol` is the dialect's name, `path` leads to the node in its body, `rest` and `spelling` are
    as in `Turn`, which is the native message around the node, if there is one.
    """

    protocol: str
    path: Path = ()
    rest: Mapping[str, Json] = NOTHING
    spelling: Mapping[str, Json] = NOTHING
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made an opaque blob: `provider` ("anthropic"), `family` of models ("claude"), and the
    fingerprint of the `credential` it is bound to (None: not known).
    """

    provider: str
    family: str
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """State that only its maker can read: it goes back there unchanged, and to nobody else.

    `kind`: "signature" (of a thought, Claude), "redacted" (a thought, Claude), "encrypted" (reasoning,
    OpenAI), "thought_signature" (Gemini), or a dialect's own name for something else.
    """

    kind: str
    data: Json
    maker: Maker = field(compare=False)


def rest_of(value: Mapping[str, Json], known: frozenset[str]) -> Mapping[str, Json]:
    """The fields of `value` that are not among the `known`, or are null, which says nothing."""
    if value.keys() <= known and None not in value.values():
        return NOTHING
    return {name: found for name, found in value.items() if name not in known or found is None}


def dotted(path: Path) -> str:
    """`messages[3].content[0].text`."""
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return said.removeprefix(".")
