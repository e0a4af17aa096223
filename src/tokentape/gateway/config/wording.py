"""What is wrong with a value, in one line that says where, what and what to write instead.

Texts of the file are only repeated where they are words: what is long, or stands where keys stand, may be a
secret that somebody put into the wrong place.
"""

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tokentape.gateway.config.values import Table

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WORD = re.compile(r"[\w./:*-]{0,24}")
_SECRET = re.compile(r"key|secret|token|auth|header|password|credential", re.IGNORECASE)


_ODD = re.compile("[\x7f-\x9f]")


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def dotted(place: Iterable[str | int]) -> str:
    """`upstreams.openai.keys[1]`, as it would stand in TOML."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        name = step if _BARE.fullmatch(step) else quoted(step)
        text += f".{name}" if text else name
    return text


def nth_kept(number: int, gone: list[int]) -> int:
    """The place in the file of what is left at `number`."""
    for each in sorted(gone):
        number += each <= number
    return number


def near(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, 1, 0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are {', '.join(names)}" if names else "there is none"


def line_of(problem: "ErrorDetails", model: type[Table]) -> str:
    """One line for one error of pydantic's."""
    place = tuple(problem["loc"])
    return f"{dotted(place)}: {_said(problem, place, model)}"


def _said(problem: "ErrorDetails", place: Place, model: type[Table]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return f"unknown key; {near(str(place[-1]), keys_at(model, place[:-1]))}"
    if kind == "missing":
        return f"is missing; {_meaning(model, place)}"
    if kind == "literal_error":
        return f"{_shown(problem['input'], place)}{_choice(problem['input'], str(context['expected']))}"
    wanted = _WANTED.get(kind)
    if wanted is None:
        return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"
    return f"{_shown(problem['input'], place)}{wanted.format(**context)}"


_WANTED = {
    "string_type": "give a text",
    "int_type": "give a whole number",
    "int_from_float": "give a whole number",
    "float_type": "give a number",
    "bool_type": "give true or false",
    "dict_type": "give a table",
    "model_type": "give a table",
    "tuple_type": "give a list",
    "string_too_short": "give a text that is not empty",
    "too_short": "give at least {min_length}",
    "greater_than": "give more than {gt:.12g}",
    "greater_than_equal": "give {ge:.12g} or more",
    "less_than_equal": "give {le:.12g} or less",
    "finite_number": "give a number that is finite",
    "recursion_loop": "give a value that is not nested in itself",
}


def _shown(value: object, place: Place) -> str:
    """The value, where it can be no secret."""
    if isinstance(value, bool | int | float):
        return f"{str(value).lower() if isinstance(value, bool) else value} does not fit; "
    if isinstance(value, str) and _WORD.fullmatch(value) and not _SECRET.search(dotted(place)):
        return f"{value!r} does not fit; "
    if isinstance(value, str):
        return "the text does not fit; "
    return "" if value is None else f"a {_TOML.get(type(value), 'value')} does not fit; "


_TOML: Mapping[type, str] = {dict: "table", list: "list", tuple: "list"}


def _choice(value: object, expected: str) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    close = get_close_matches(value, choices, 1, 0.6) if isinstance(value, str) else []
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(choices)}"


def _meaning(model: type[Table], place: Place) -> str:
    inner = model_at(model, place[:-1])
    field = inner.model_fields.get(str(place[-1])) if inner is not None else None
    return f"it says: {field.description}" if field is not None and field.description else "give it"


def keys_at(model: type[Table], place: Place) -> list[str]:
    """The keys of the table at a place."""
    inner = model_at(model, place)
    if inner is None:
        return []
    return [*(field.alias or name for name, field in inner.model_fields.items()), *inner.also_keys]


def model_at(model: type[Table], place: Place) -> type[Table] | None:
    """The model of the table at a place of the file; None where it is none of ours."""
    current: type[Table] | None = model
    is_named = False
    for step in place:
        if current is None:
            return None
        if is_named or isinstance(step, int):
            is_named = False
            continue
        found = {field.alias or name: field for name, field in current.model_fields.items()}.get(step)
        if found is None:
            return None
        current, is_named = model_in(found.annotation), is_map(found.annotation)
    return current


def is_map(annotation: object) -> bool:
    """True for a table whose keys are names that somebody gave."""
    return annotation is dict or getattr(annotation, "__origin__", None) is dict


def model_in(annotation: object) -> type[Table] | None:
    """The model inside an annotation: of itself, of a list of them, of a map to them."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = model_in(part)
        if found is not None:
            return found
    return None
