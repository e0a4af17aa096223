"""Sources of what was said: `groundingMetadata` and `citationMetadata` as citations, and back.

Positions count bytes of UTF-8 in the metadata, and characters in citations. Which part a segment is of,
the API says for some tools only, so it is looked for where its text stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.parts import Citation
from tokentape.protocols.gemini.names import NAME
from tokentape.protocols.reading import fields, number, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PLACES = ("web", "retrievedContext", "maps", "image")


def citations_of(candidate: Mapping[str, Json], texts: Sequence[str]) -> dict[int, list[Citation]]:
    """The citations of each text, by its place among `texts`: what the model said, thoughts left out."""
    found: dict[int, list[Citation]] = {}
    if not texts:
        return found
    grounding = fields(candidate.get("groundingMetadata"))
    chunks = list(objects(grounding.get("groundingChunks") or []))
    for support in objects(grounding.get("groundingSupports") or []):
        segment = fields(support.get("segment"))
        at, start, end = _placed(segment, texts)
        for index in _indices(support.get("groundingChunkIndices")):
            if 0 <= index < len(chunks):
                cited = _of_chunk(chunks[index], support, start, end)
                found.setdefault(at, []).append(cited)
    sources = fields(candidate.get("citationMetadata"))
    for source in objects(sources.get("citationSources") or sources.get("citations") or []):
        at, start, end = _placed(source, texts)
        url, title = text(source.get("uri")) or None, text(source.get("title")) or None
        cited = Citation(NAME, "recitation", source, url, title, None, start, end)
        found.setdefault(at, []).append(cited)
    return found


def _of_chunk(chunk: Fields, support: Fields, start: int | None, end: int | None) -> Citation:
    place = next((fields(chunk[name]) for name in _PLACES if name in chunk), {})
    url = text(place.get("uri")) or text(place.get("sourceUri")) or None
    said = text(place.get("text")) or None
    raw: Fields = {"groundingChunk": chunk, "groundingSupport": support}
    return Citation(NAME, "grounding", raw, url, text(place.get("title")) or None, said, start, end)


def _indices(value: Json) -> Iterator[int]:
    return (entry for entry in value if isinstance(entry, int)) if isinstance(value, list) else iter(())


def _placed(segment: Fields, texts: Sequence[str]) -> tuple[int, int | None, int | None]:
    """Which text the segment is of, and where in it, in characters."""
    start, end = number(segment.get("startIndex")) or 0, number(segment.get("endIndex"))
    said = text(segment.get("text"))
    part = number(segment.get("partIndex")) or 0
    order = [part] if 0 < part < len(texts) else []
    order += [nth for nth in range(len(texts)) if nth not in order]
    for nth in order:
        if said and said in texts[nth]:
            at = _characters(texts[nth], start)
            if not texts[nth].startswith(said, at):
                at = texts[nth].find(said)
            return nth, at, at + len(said)
    last = order[0] if part else len(texts) - 1
    if end is None:
        return last, None, None
    return last, _characters(texts[last], start), _characters(texts[last], end)


def _characters(said: str, place: int) -> int:
    """A place in bytes as one in characters."""
    if said.isascii():
        return min(max(place, 0), len(said))
    return len(said.encode("utf-8", "surrogatepass")[: max(place, 0)].decode("utf-8", "ignore"))


def grounding_of(texts: Sequence[tuple[str, tuple[Citation, ...]]]) -> Fields | None:
    """The metadata that tells the citations of the texts; None for none with a source."""
    chunks: list[Json] = []
    supports: list[Json] = []
    for nth, (said, citations) in enumerate(texts):
        for citation in citations:
            if citation.url is None and citation.title is None:
                continue
            web: Fields = {"uri": citation.url} if citation.url is not None else {}
            if citation.title is not None:
                web["title"] = citation.title
            chunk: Json = {"web": web}
            if chunk not in chunks:
                chunks.append(chunk)
            start = 0 if citation.start is None else citation.start
            end = len(said) if citation.end is None else citation.end
            segment: Fields = {
                "startIndex": len(said[:start].encode("utf-8", "surrogatepass")),
                "endIndex": len(said[:end].encode("utf-8", "surrogatepass")),
                "text": said[start:end],
            }
            if nth:
                segment["partIndex"] = nth
            supports.append({"segment": segment, "groundingChunkIndices": [chunks.index(chunk)]})
    return {"groundingChunks": chunks, "groundingSupports": supports} if chunks else None
