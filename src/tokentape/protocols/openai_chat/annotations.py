"""Citations as `annotations` of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_chat.options import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Citation, Text
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_annotations(
    texts: Iterable[Text], target: Target, owner: Origin | None, *, refused: bool = False
) -> list[Json]:
    """All of them, their places counted from the start of the content; `refused`: they are losses."""
    found: list[Json] = []
    before = 0
    for text in texts:
        for citation in text.citations:
            note = None if refused else annotation(citation, before, len(text.text))
            if note is None:
                why = "the dialect cites web pages in replies only" if refused else "it names no web page"
                target.losses.tuning(text.origin or owner, "citation", why)
            else:
                found.append(note)
        before += len(text.text)
    return found


def annotation(citation: Citation, before: int, length: int) -> Json:
    """A citation of a text with `before` characters before it; None for one of no web page."""
    if citation.protocol == NAME:
        return citation.raw
    if not citation.url:
        return None
    start = before + (citation.start or 0)
    end = before + (length if citation.end is None else citation.end)
    told: Fields = {
        "start_index": start,
        "end_index": end,
        "title": citation.title or "",
        "url": citation.url,
    }
    return {"type": "url_citation", "url_citation": told}
