"""Putting kept values into a body, header fields or canonical options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.fields.calls import ids_around
from tokentape.gateway.fields.options import option_of, with_option
from tokentape.gateway.fields.paths import changed
from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.fields.rule import FieldRule
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

LONGEST = 8_192
"""Characters of a header field that a rule may set."""


def _given(rule: FieldRule, values: list[Json]) -> Json:
    return list(values) if rule.inject.as_list else values[-1]


def into_body(rule: FieldRule, body: Fields, values: list[Json]) -> tuple[Fields, int]:
    """The body with the values, and how often they went in."""
    return _changed(rule, body, lambda _around: values)


def into_calls(rule: FieldRule, body: Fields, known: Callable[[str], list[Json]]) -> tuple[Fields, int]:
    """The body with the values of each of its calls, at the calls they belong to."""

    def values(around: tuple[Json, ...]) -> list[Json]:
        return next((found for each in ids_around(around) if (found := known(each))), [])

    return _changed(rule, body, values)


def _changed(
    rule: FieldRule, body: Fields, values_for: Callable[[tuple[Json, ...]], list[Json]]
) -> tuple[Fields, int]:
    count = 0
    inject = rule.inject

    def change(old: Json, around: tuple[Json, ...]) -> Json:
        nonlocal count
        if inject.when_missing_only and inject.insert is None and old not in (None, "", [], {}):
            return old
        values = values_for(around)
        if not values:
            return old
        if inject.insert is None:
            new = _given(rule, values)
        else:
            new = _inserted(old, values if inject.as_list else values[-1:], rule)
        if new is old or new == old:
            return old
        count += 1
        return new

    found = changed(body, rule.goal, change)
    return (found, count) if isinstance(found, dict) else (body, 0)


def _inserted(old: Json, values: list[Json], rule: FieldRule) -> Json:
    """The list at the path with the values in it; only those it has not, if that is asked."""
    if old is not None and not isinstance(old, list):
        return old
    known = old or []
    new = [each for each in values if not (rule.inject.when_missing_only and each in known)]
    if not new:
        return old
    at = rule.inject.insert or 0
    at = at if at >= 0 else len(known) + 1 + at
    return [*known[:at], *new, *known[at:]]


def into_headers(rule: FieldRule, headers: Headers, values: list[Json]) -> Headers | None:
    """The header fields with the value; None where it cannot be one, the same where one is there."""
    name, value = rule.inject.path, values[-1]
    if header(headers, name) is not None and rule.inject.when_missing_only:
        return headers
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    said = str(value)
    if not said.isascii() or not said.isprintable() or len(said) > LONGEST:
        return None
    return (*without(headers, name), (name, said))


def into_options(rule: FieldRule, asked: Conversation, values: list[Json]) -> Conversation | None:
    """The request with the option; None where the value cannot be one."""
    name = str(rule.goal[1])
    if rule.inject.when_missing_only and option_of(asked, name) is not None:
        return asked
    return with_option(asked, name, _given(rule, values))
