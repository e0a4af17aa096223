"""Reading what a client sent: JSON of any shape, asked for with defaults and without surprises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def parsed(body: bytes | None) -> Json:
    """The JSON of a request body; None for no body. Raises ValueError for anything else."""
    try:
        value: Json = json.loads(body) if body else None
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    return value


def at(value: Json, *path: str | int) -> Json:
    """What lies at the path, or None where it does not exist."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def listed(value: Json) -> list[Json]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def mapped(value: Json) -> dict[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def string(value: Json, default: str = "") -> str:
    """The value if it is a string, else the default."""
    return value if isinstance(value, str) else default


def text_of(content: Json) -> str:
    """The text of a message's content: a string, a part with `text`, or a list of such."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(text_of(part) for part in content)
    return string(at(content, "text"))


def compact(value: Json) -> bytes:
    """JSON as providers stream it: no spaces, UTF-8 unescaped."""
    return utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def indented(value: Json) -> bytes:
    """JSON as Google writes it: two spaces a level, a line feed at the end."""
    return utf8(json.dumps(value, ensure_ascii=False, indent=2)) + b"\n"


def utf8(text: str) -> bytes:
    """JSON text as bytes. A lone surrogate, which UTF-8 has no bytes for, stands there escaped."""
    return text.encode("utf-8", "backslashreplace")
