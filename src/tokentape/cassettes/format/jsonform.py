"""A JSON body as JSON.

{"json": V, "style": "indent2", "ascii": true, "escapes": ["\\\\u003c"], "ws": PATCH, "tail": "\\n"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.folding import fold, unfold
from tokentape.cassettes.format.patch import difference, patched
from tokentape.cassettes.format.styles import Style, guesses, read, style_of

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"json", "style", "ascii", "escapes", "ws", "tail"})
_SPACES = " \t\r\n"


def show_json(text: str) -> dict[str, Json] | None:
    """The form of a JSON text, or None if it is none, or one that cannot be written back exactly."""
    core = text.rstrip(_SPACES)
    try:
        value = read(core)
        found = spelling(value, core, guesses(core))
    except ValueError:
        return None
    if found is None:
        return None
    style, patch = found
    form: dict[str, Json] = {"json": fold(value), **style.fields()}
    if patch:
        form["ws"] = patch
    if len(core) < len(text):
        form["tail"] = text[len(core) :]
    return form


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
    text = style_of(form).text(value)
    if "ws" in form:
        text = patched(text, form["ws"], value)
    tail = form.get("tail", "")
    if not isinstance(tail, str):
        raise ValueError("tail is not a text")
    return text + tail
