"""Secrets in what people and programs say about a call: metadata, error texts, summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.redact import placeholder
from tokentape.wire.redact.hits import cut
from tokentape.wire.redact.names import Grade, field_grade
from tokentape.wire.redact.percent import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json
    from tokentape.wire.redact.search import Search

Found = list[tuple[str, str]]


def redact_text(text: str, search: Search, place: str, found: Found) -> str:
    """`text` with `[redacted]` over every secret. Where only decoding shows one, all of it goes."""
    data = text.encode("utf-8", "surrogatepass")
    hits = search.text(data)
    if hits:
        found += [(place, hit.kind) for hit in hits]
        return cut(data.decode("latin-1"), hits).encode("latin-1").decode("utf-8", "surrogatepass")
    if "%" in text and search.text(unquote(data)):
        found.append((place, "encoded"))
        return placeholder.WHOLE
    return text


def redact(values: Mapping[str, Json], search: Search, place: str, found: Found) -> dict[str, Json]:
    """The same mapping with every string in it redacted, at any depth; numbers stay."""
    return {name: _value(name, value, search, f"{place}.{name}", found) for name, value in values.items()}


def _value(name: str, value: Json, search: Search, place: str, found: Found) -> Json:
    if isinstance(value, dict):
        return dict(redact(value, search, place, found))
    if isinstance(value, list):
        return [_value(name, item, search, place, found) for item in value]
    if not isinstance(value, str):
        return value
    sure = field_grade(name) is Grade.STRONG or name.lower() in search.rules.fields
    if sure and value and not placeholder.is_placeholder(value):
        found.append((place, "credential"))
        return placeholder.WHOLE
    return redact_text(value, search, place, found)
