"""Which comparators there are: ours by the tuple below, third parties' by the entry point group
`tokentape.comparators`, whose objects are `Kind`s. Those are looked for only where a name is none of ours.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.evaluation.comparing import (
    contains,
    cost,
    embedding,
    exact,
    fuzzy,
    jsons,
    judge,
    latency,
    length,
    numbers,
    pattern,
    refusal,
    schema,
    toolcalls,
    usual,
)
from tokentape.evaluation.comparing.kind import Kind
from tokentape.plugins import registered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint

BUILT_IN: tuple[Kind, ...] = (
    exact.KIND,
    fuzzy.KIND,
    contains.KIND,
    pattern.KIND,
    jsons.KIND,
    schema.KIND,
    toolcalls.KIND,
    numbers.KIND,
    length.KIND,
    latency.KIND,
    cost.KIND,
    refusal.KIND,
    embedding.KIND,
    judge.KIND,
    usual.KIND,
)
GROUP = "tokentape.comparators"


def by_name(kinds: Iterable[Kind]) -> dict[str, Kind]:
    """The kinds by name. Raises `UsageError` where two have one."""
    found: dict[str, Kind] = {}
    for kind in kinds:
        if kind.name in found:
            makers = (f"{each.make.__module__}.{each.make.__qualname__}" for each in (found[kind.name], kind))
            raise UsageError(f"two comparators are called {kind.name!r}: {' and '.join(makers)}")
        found[kind.name] = kind
    return found


_OURS = by_name(BUILT_IN)


def kind_named(name: str) -> Kind | None:
    """The comparator of that name; None if there is none.

    Raises `UsageError` where two packages claim one name, or one of them cannot be loaded.
    """
    if name in _OURS:
        return _OURS[name]
    point = _others().get(name)
    return _loaded(point) if point else None


def is_known(name: str) -> bool:
    """True for the name of a comparator; a third party's is not loaded for that."""
    return name in _OURS or name in _others()


def known_names() -> list[str]:
    """Every name, ours first."""
    return [*_OURS, *sorted(_others())]


@cache
def _others() -> dict[str, EntryPoint]:
    """Third parties' comparators by name. Raises `UsageError` if two claim one."""
    return registered(GROUP, _OURS, "comparators")


def _loaded(point: EntryPoint) -> Kind:
    what = f"the comparator {point.name!r} ({point.value})"
    try:
        kind = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{what} cannot be loaded: {error}") from error
    if not isinstance(kind, Kind) or kind.name != point.name:
        raise UsageError(f"{what} is no tokentape.evaluation.comparing.kind.Kind of that name")
    return kind
