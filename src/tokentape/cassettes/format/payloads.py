"""One line per event: the entries that `sse` and `ndjson` bodies are made of.

[V]  [name, V]  [name, V, PATCH]   a JSON payload; name is null where the event has none
"raw text"                         anything else, its line ends included
{"base64": S}                      what is not even UTF-8
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.jsonform import spelling
from tokentape.cassettes.format.patch import patched
from tokentape.cassettes.format.styles import ONE_LINE, Style, read
from tokentape.cassettes.format.textform import restore_base64, show_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.wire.interaction import Json

_SPLIT = "\0tokentape\0"


def show_payload(name: str | None, payload: str, style: Style) -> list[Json] | None:
    """The entry of one event, or None if its payload is no JSON that `style` can write back."""
    try:
        value = read(payload)
        found = spelling(value, payload, [style])
    except ValueError:
        return None
    if found is None:
        return None
    if found[1]:
        return [name, value, found[1]]
    return [value] if name is None else [name, value]


def show_raw(raw: bytes) -> Json:
    """The entry of bytes that are no event, or not one that is shown as JSON."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {**show_base64(raw)}


def restore_raw(entry: Json) -> bytes | None:
    """The bytes of a raw entry; None if it is an event. ValueError: neither."""
    if isinstance(entry, str):
        return entry.encode()
    if isinstance(entry, dict) and len(entry) == 1 and "base64" in entry:
        return restore_base64(entry["base64"])
    if isinstance(entry, list):
        return None
    raise ValueError('an entry is [V], ["name", V], ["name", V, patch], a text or {"base64": S}')


def split_entry(entry: list[Json]) -> tuple[str | None, Json, Json]:
    """Name, value and patch (None: none) of an event's entry. ValueError: it has another shape."""
    match entry:
        case [value]:
            return None, value, None
        case [None | str() as name, value]:
            return name, value, None
        case [None | str() as name, value, patch]:
            return name, value, patch
        case _:
            raise ValueError('an event is [V], ["name", V] or ["name", V, patch]')


def payload_texts(events: Iterable[tuple[str | None, Json, Json]], style: Style) -> list[str]:
    """The payloads as text, styled in one go: a call of the encoder costs more than a small event."""
    parts = list(events)
    texts = _styled([value for _, value, _ in parts], style)
    return [
        text if patch is None else patched(text, patch, value)
        for text, (_, value, patch) in zip(texts, parts, strict=True)
    ]


def _styled(values: list[Json], style: Style) -> list[str]:
    if style.name not in ONE_LINE:
        raise ValueError(f"style {style.name!r} does not fit on one line")
    if not values:
        return []
    joined: list[Json] = []
    for value in values:
        joined += (value, _SPLIT)
    comma = style.text([0, 0])[2:-2]
    parts = style.text(joined)[1:-1].split(f"{comma}{style.text(_SPLIT)}")
    if len(parts) == len(values) + 1 and not parts[-1]:
        texts = [parts[0], *(part[len(comma) :] for part in parts[1:-1])]
    else:  # a payload that holds the very mark
        texts = [style.text(value) for value in values]
    return texts
