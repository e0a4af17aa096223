"""How a body's form is written in the file: an event, a part, a long value per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.escapes import quoted, visible
from tokentape.cassettes.format.folding import MARK
from tokentape.cassettes.format.styles import ONE_LINE, encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

WIDTH = 100
_STREAMS = ("sse", "ndjson", "aws_events")
_flat = encoder("spaced", ascii_only=False)


def flat(value: Json) -> str:
    """A value on one line."""
    return visible(_flat(value))


def broken(value: Json, indent: int) -> str:
    """A value over as many lines as it takes to keep them short; the first one is not indented."""
    return visible(_broken(value, indent))


def _broken(value: Json, indent: int) -> str:
    text = _flat(value)
    if not isinstance(value, (dict, list)) or not value:
        return text
    if len(text) + indent <= WIDTH and MARK not in value:
        return text
    if isinstance(value, dict):
        items = [f"{_flat(key)}: {_broken(item, indent + 2)}" for key, item in value.items()]
        return _bracketed("{", items, "}", indent)
    if all(item is None or isinstance(item, (int, float)) for item in value):
        return text
    return _bracketed("[", [_broken(item, indent + 2) for item in value], "]", indent)


def _bracketed(opening: str, items: list[str], closing: str, indent: int) -> str:
    spaces = "\n" + " " * (indent + 2)
    return f"{opening}{spaces}{(',' + spaces).join(items)}\n{' ' * indent}{closing}"


def body_text(form: Json, indent: int = 2) -> list[str]:
    """A body's form, in pieces. Streams have one event per line, indented by `indent` + 2."""
    if not isinstance(form, dict):
        return [flat(form)]
    kind = next(iter(form))
    opening = "[" if isinstance(form[kind], list) and kind in _STREAMS else ""
    pieces = [f'{{"{kind}": {opening}', *_shown(kind, form, indent)]
    for name, value in form.items():
        if name != kind:
            pieces += [f", {quoted(name)}: ", *_text(name, value)]
    return [*pieces, "}"]


def _shown(kind: str, form: dict[str, Json], indent: int) -> list[str]:
    value = form[kind]
    if kind in _STREAMS and isinstance(value, list):
        return [_events(value, form, indent)]
    if kind == "multipart" and isinstance(value, list):
        return [_bracketed("[", [_part(part, indent + 2) for part in value], "]", indent)]
    return _text(kind, value) if isinstance(value, str) else [broken(value, indent)]


def _text(name: str, value: Json) -> list[str]:
    """A value on one line, in pieces. Base64 has nothing to escape."""
    if name in ("base64", "wire") and isinstance(value, str):
        return ['"', value, '"']
    return [quoted(value) if isinstance(value, str) else flat(value)]


def _events(events: list[Json], form: dict[str, Json], indent: int) -> str:
    """Payloads stand in the stream's own spelling: `sselines` reads them without parsing."""
    style = form.get("style")
    encode = encoder(style if isinstance(style, str) and style in ONE_LINE else "compact", False)
    lines = [_event(event, encode) for event in events]
    return _bracketed("", lines, "]", indent)


def _event(event: Json, encode: Callable[[object], str]) -> str:
    if not isinstance(event, list):
        return flat(event)
    if len(event) == 1:
        return visible(f"[{encode(event[0])}]")
    rest = "".join(f", {_flat(item)}" for item in event[2:])
    return visible(f"[{_flat(event[0])}, {encode(event[1])}{rest}]")


def _part(part: Json, indent: int) -> str:
    if not isinstance(part, list) or len(part) != 2:
        return flat(part)
    return _bracketed("[", [flat(part[0]), "".join(body_text(part[1], indent + 2))], "]", indent)
