"""Whose a recorded answer is: the upstream that it came from, and the model that was asked for there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tokentape.upstreams.providers import PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.evaluation.corpus.row import Row
    from tokentape.upstreams.upstream import Upstream


class Owners:
    """Finds upstreams by the address of a recorded call: those that are `declared`, then providers as
    everybody knows them. `via` is the name of the one that is asked for all of them instead.
    """

    def __init__(self, declared: Iterable[Upstream] = (), via: str | None = None) -> None:
        ours = [(each.name, each.base_url) for each in declared]
        known = [(each.name, each.base_url) for each in PRESETS if not each.places]
        # Of several at one host, the one with the longest path that fits; ours first.
        self._places = [
            *sorted(ours, key=lambda each: -len(each[1])),
            *sorted(known, key=lambda each: -len(each[1])),
        ]
        self._via = via

    def of(self, row: Row) -> str:
        """`upstream/model`; "" where nobody is known there, or the call names no model."""
        name = self._via or self._at(row.interaction.request.url)
        return f"{name}/{row.model}" if name and row.model else ""

    def _at(self, url: str) -> str | None:
        return next((name for name, base in self._places if _is_below(url, base)), None)


def _is_below(url: str, base: str) -> bool:
    """True for an address of that host and port, below that path."""
    asked, place = urlsplit(url), urlsplit(base)
    if asked.netloc.rpartition("@")[2].lower() != place.netloc.lower():
        return False
    return f"{asked.path}/".startswith(f"{place.path.rstrip('/')}/")
