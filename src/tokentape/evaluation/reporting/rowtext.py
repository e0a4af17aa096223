"""A row in words, for forms that are text."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokentape.wire.interaction import Json


def reasons(row: Mapping[str, Json]) -> list[str]:
    """Why a row is bad: there is no answer, something failed, or has a score below 1 and nobody says what
    would be enough. Nothing, where all that judges passes.
    """
    if row["after"] is None:
        return [f"{row['status']}: {row['reason']}"]
    verdicts = row["verdicts"] if isinstance(row["verdicts"], list) else []
    found = [each for each in verdicts if isinstance(each, dict)]
    failed = [f"{each['name']}: {each['reason']}" for each in found if each["passed"] is False]
    lower = [
        f"{each['name']}: {each['reason']}"
        for each in found
        if each["passed"] is None and each["score"] not in (None, 1)
    ]
    return failed or lower


def said(parts: Json) -> str:
    """The parts in one text: who says what."""
    found = parts if isinstance(parts, list) else []
    return "\n\n".join(chain.from_iterable(_part(each) for each in found if isinstance(each, dict)))


def _part(part: Mapping[str, Json]) -> Iterator[str]:
    kind = "" if part["kind"] == "text" else f" ({part['kind']})"
    what = [
        str(part[name]) for name in ("name", "media", "type", "url", "text", "arguments") if part.get(name)
    ]
    cut = f"... ({part['cut']} characters more)" if part.get("cut") else ""
    yield f"{part['role']}{kind}: {' '.join(what)}{cut}"
