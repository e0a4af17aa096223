"""Citations: a list beside the content, each of which names the part that it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.parts import Citation, Text
from tokentape.protocols.cohere.form import NAME

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def read_citation(value: Json, where: Where) -> Citation:
    """One citation; `start` and `end` count characters of the text."""
    given = where.fields(value)
    kind = given.get("type")
    start = where.integer_or_none(given.get("start"), "start")
    end = where.integer_or_none(given.get("end"), "end")
    sources = given.get("sources")
    first = sources[0] if isinstance(sources, list) and sources else None
    document = first.get("document") if isinstance(first, dict) else None
    told: Fields = document if isinstance(document, dict) else {}
    url, title, cited = (_text(told.get(name)) for name in ("url", "title", "snippet"))
    return Citation(NAME, kind if isinstance(kind, str) else "", value, url, title, cited, start, end)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def index_of(value: Json) -> int:
    """The part of the content that a citation is about: the first, where it does not say."""
    given = value.get("content_index") if isinstance(value, dict) else None
    return given if isinstance(given, int) and not isinstance(given, bool) else 0


def about_text(citation: Citation) -> bool:
    """True if it is about what was said, not about a thought or a plan."""
    return citation.kind in ("", "TEXT_CONTENT")


def attached(parts: list[Text | None], given: list[Json], where: Where) -> list[Json]:
    """Put the citations to the texts of a content (None: a part that is none); those that are left over.

    What is left over starts at the first that does not fit, so that the order stays.
    """
    last = 0
    for nth, value in enumerate(given):
        citation, index = read_citation(value, where.at("citations", nth)), index_of(value)
        text = parts[index] if last <= index < len(parts) else None
        if text is None or not about_text(citation):
            return given[nth:]
        parts[index] = replace(text, citations=(*text.citations, citation))
        last = index
    return []


def written_citation(
    citation: Citation, text: str, index: int, origin: Origin | None, losses: Losses
) -> Json:
    """A citation of text part `index`; None if it cannot be said."""
    if citation.protocol == NAME and isinstance(citation.raw, dict):
        raw = citation.raw
        return raw if index_of(raw) == index else {**raw, "content_index": index}
    start, end = citation.start, citation.end
    if start is None or end is None or not 0 <= start < end <= len(text):
        losses.tuning(origin, "citation", "it does not say which part of the text it is about")
        return None
    document = {"title": citation.title, "url": citation.url, "snippet": citation.cited}
    told: Fields = {name: value for name, value in document.items() if value is not None}
    source: Fields = {"type": "document", "id": citation.url or citation.title or "", "document": told}
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "sources": [source],
        "content_index": index,
        "type": "TEXT_CONTENT",
    }
