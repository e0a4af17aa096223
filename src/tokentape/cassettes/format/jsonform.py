"""A JSON body as JSON.

    {"json": V, "style": "indent2", "ascii": true, "escapes": ["\\\\u003c"], "ws": PATCH, "tail": "\\n"}

`"items": [between, end]` marks the array that Google streams: each element is styled as if it stood
alone, with `between` from one to the next and `end` before the closing bracket.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.cassettes.format.folding import fold, unfold
from tokentape.cassettes.format.patch import difference, patched
from tokentape.cassettes.format.styles import NAMES, Style, guesses, quick_encoder, read, style_of

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"json", "style", "ascii", "escapes", "items", "ws", "tail"})
_SPACES = " \t\r\n"
_BETWEEN = re.compile(r"\}(\s*,\s*)\{\n")


def show_json(text: str) -> dict[str, Json] | None:
    """The form of a JSON text, or None if it is none, or one that cannot be written back exactly."""
    core = text.rstrip(_SPACES)
    try:
        value = read(core)
        spelled = _items(value, core) or _whole(value, core)
    except ValueError:
        return None
    if spelled is None:
        return None
    form: dict[str, Json] = {"json": fold(value), **spelled}
    if len(core) < len(text):
        form["tail"] = text[len(core) :]
    return form


def _whole(value: Json, text: str) -> dict[str, Json] | None:
    found = spelling(value, text, guesses(text))
    if found is None:
        return None
    style, patch = found
    return {**style.fields(), "ws": patch} if patch else style.fields()


def _items(value: Json, text: str) -> dict[str, Json] | None:
    if not isinstance(value, list) or not text.startswith("[{\n"):
        return None
    between, style = _BETWEEN.search(text), guesses(text[1:])[0]
    inner = text[:-1]
    items = [between[1] if between else ",", inner[len(inner.rstrip(_SPACES)) :]]
    return {**style.fields(), "items": [*items]} if _joined(value, style, *items) == text else None


def _joined(values: list[Json], style: Style, between: str, end: str) -> str:
    return f"[{between.join([style.text(value) for value in values])}{end}]"


def spelling(value: Json, text: str, styles: list[Style]) -> tuple[Style, list[Json]] | None:
    """The first style that writes `value` as `text`, or the likeliest with the patch it needs."""
    for style in styles:
        styled = style.text(value)
        if styled == text:
            return style, []
    likeliest = styles[0]
    styled = likeliest.text(value)
    patch = difference(styled, text)
    if patch is None or patched(styled, patch, value) != text:
        return None
    return likeliest, patch


def restore_json(form: dict[str, Json], *, folded: bool = True) -> str:
    """The text again. `folded=False` saves the walk where no `$lines` occurs in the file.

    ValueError: the form is not one that this version writes.
    """
    value = unfold(form["json"]) if folded else form["json"]
    style, tail = style_of(form), form.get("tail", "")
    if not isinstance(tail, str) or tail.strip(_SPACES):
        raise ValueError("tail is not whitespace")
    text = style.text(value) if "items" not in form else _joined_again(value, style, form["items"])
    if "ws" in form:
        text = patched(text, form["ws"], value)
    return text + tail


def quick_json(form: Json) -> bytes | None:
    """What `restore_json` gives for the plainest form, unfolded: a value and a style, nothing else."""
    if not isinstance(form, dict) or len(form) != 2 or "json" not in form or "style" not in form:
        return None
    style = form["style"]
    return quick_encoder(style)(form["json"]).encode() if isinstance(style, str) and style in NAMES else None


def _joined_again(value: Json, style: Style, items: Json) -> str:
    match value, items:
        case list(), [str(between), str(end)] if between.strip(_SPACES) == "," and not end.strip(_SPACES):
            return _joined(value, style, between, end)
        case _:
            raise ValueError("items is [between, end], beside an array")
