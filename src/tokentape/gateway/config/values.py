"""Kinds of values that tables hold: times, sizes, lists of texts, references to secrets."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


class Table(BaseModel):
    """A table: unknown keys are errors, and a text is never taken for a number."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, validate_default=False
    )
    also_keys: ClassVar[tuple[str, ...]] = ()
    """Keys that stand for others, for the error about an unknown one."""
    in_short: ClassVar[str | None] = None
    """The key whose value alone may stand for the table."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is: `env` (the name of a variable) or `file` (a path). Never the secret itself."""

    source: Literal["env", "file"]
    place: str

    def __str__(self) -> str:
        return f"{self.source}:{self.place}"


INLINE = 'a secret does not belong in this file; write "env:NAME", or "file:PATH"'
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret_ref(value: object) -> SecretRef:
    """The reference that a text is. Raises `ValueError`, which never repeats the text."""
    if isinstance(value, SecretRef):
        return value
    if not isinstance(value, str):
        raise ValueError('give a text: "env:NAME", or "file:PATH"')
    source, colon, place = value.partition(":")
    if source == "env" and colon:
        if not _VARIABLE.fullmatch(place):
            raise ValueError('env: and the name of a variable, such as "env:OPENAI_API_KEY"')
        return SecretRef("env", place)
    if source == "file" and colon:
        if not place.strip():
            raise ValueError('file: and a path, such as "file:keys/openai"')
        return SecretRef("file", place)
    raise ValueError(INLINE)


Secret = Annotated[SecretRef, BeforeValidator(secret_ref), PlainSerializer(str)]
"""`env:NAME` or `file:PATH`."""

SECRET_OPTIONS = frozenset({"account", "client_secret"})
"""Options of ways to authenticate that are secrets: they are references, too."""

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?b?)", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3}


def _seconds(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError('give seconds, or a text such as "30s", "5m", "7d"')
    if isinstance(value, int | float):
        return float(value)
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('give seconds, or a text such as "30s", "5m", "7d"')
    return float(found[1]) * _SECONDS[found[2]]


def _size(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('give bytes, or a text such as "64KiB", "20MB"')
    base = 1024 if found[3].lower().startswith("i") else 1000
    return int(float(found[1]) * base ** _POWER[found[2].lower()])


def as_tuple(value: object) -> object:
    """A list as a tuple; one text is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def tables_in_short(kind: type[Table]) -> BeforeValidator:
    """One table or a list of them, each of which its key `in_short` may stand for."""

    def listed(value: object) -> object:
        several = [value] if isinstance(value, str | dict) else value
        if not isinstance(several, list):
            return value
        return tuple({kind.in_short: each} if isinstance(each, str) else each for each in several)

    return BeforeValidator(listed)


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[Seconds, Field(gt=0)]
Bytes = Annotated[int, BeforeValidator(_size), Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Number = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]
Port = Annotated[int, Field(ge=0, le=65_535)]

NAME = re.compile(r"[^\W_][\w.\-]{0,99}")
"""What upstreams, clients and cassettes may be called: no separators, no path."""
