"""Where a dialect writes the options of a request, as one table for both directions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import Options, options_from
from tokentape.protocols.table import dialect_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

Kind = Literal["number", "integer", "flag", "text", "texts", "json"]


@dataclass(frozen=True, slots=True)
class Place:
    """Option `option` (a field of `Options`) stands at `path` of the body, as a value of `kind`."""

    option: str
    path: tuple[str, ...]
    kind: Kind


CHANGES_MEANING = frozenset(
    {"candidates", "stop", "modalities", "parallel_tool_calls", "truncation", "logit_bias"}
)
"""Options without which another answer, or another form of it, comes; all others tune."""


def read_options(body: Mapping[str, Json], places: tuple[Place, ...], where: Where) -> Options:
    """The options. Raises `ProtocolError` for a value of the wrong type; null is not said."""
    found: dict[str, object] = {}
    for place in places:
        if place.path[0] in body and (value := _at(body, place.path)) is not None:
            found[place.option] = _read(value, place, where)
    return options_from(found) if found else NO_OPTIONS


NO_OPTIONS = Options()


def _at(body: Mapping[str, Json], path: tuple[str, ...]) -> Json:
    value = body.get(path[0])
    for step in path[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _read(value: Json, place: Place, where: Where) -> object:
    path = place.path
    match place.kind:
        case "number":
            return where.number_or_none(value, *path)
        case "integer":
            return where.integer_or_none(value, *path)
        case "flag":
            return where.flag_or_none(value, *path)
        case "text":
            return where.text_or_none(value, *path)
        case "texts":
            return where.texts_or_none(value, *path)
        case "json":
            return value


def write_options(options: Options, places: tuple[Place, ...], body: Fields) -> frozenset[str]:
    """Put the options into `body`; the names of those that were written."""
    if options is NO_OPTIONS:
        return frozenset()
    written = set()
    for place in places:
        value = getattr(options, place.option)
        if value is None or place.option in written:
            continue
        inner = body
        for step in place.path[:-1]:
            inner = inner.setdefault(step, {})  # type: ignore[assignment]
        inner[place.path[-1]] = list(value) if isinstance(value, tuple) else value
        written.add(place.option)
    return frozenset(written)


LONGEST_USER = 64
"""Characters of `user` and `safety_identifier` that OpenAI takes."""


def with_short_user(options: Options, asked: Conversation, losses: Losses) -> Options:
    """Without a `user` of another dialect that is too long. Claude Code puts device, account and session
    there, which is more than another provider needs to know.
    """
    if options.user is None or len(options.user) <= LONGEST_USER:
        return options
    why = f"its {len(options.user)} characters are more than the {LONGEST_USER} that are taken"
    losses.tuning(path_of(asked, "user"), "user", why)
    return replace(options, user=None)


def unwritten(asked: Conversation, written: frozenset[str], losses: Losses) -> None:
    """Note the options of `asked` that are set and were not written, by their place in its own dialect."""
    options = asked.options
    if options is NO_OPTIONS:
        return
    for field in dataclass_fields(options):
        name, value = field.name, getattr(options, field.name)
        if value is None or name in written or value == _HARMLESS.get(name):
            continue
        if name == "parallel_tool_calls" and not asked.tools:
            continue
        note = losses.meaning if name in CHANGES_MEANING else losses.tuning
        note(path_of(asked, name), name.replace("_", " "), "the dialect has no such option")


def path_of(asked: Conversation, option: str) -> Path:
    """Where the dialect of `asked` holds an option; the option's own name where nobody knows."""
    dialect = dialect_named(asked.origin.protocol) if asked.origin is not None else None
    places = dialect.codec().options if dialect is not None and dialect.codec is not None else ()
    choice = asked.tool_choice.origin if asked.tool_choice is not None else None
    found = next((place.path for place in places if place.option == option), None)
    if found is None and option == "parallel_tool_calls" and choice is not None:
        return choice.path  # Anthropic says it inside the choice
    if found is None:
        return (option,)
    older = asked.origin.spelling.get(found[-1], asked.origin.spelling.get(option)) if asked.origin else None
    return (*found[:-1], older) if isinstance(older, str) and older in _OLDER else found


_OLDER = frozenset({"max_tokens", "random_seed", "user"})
"""Fields that some requests have for newer ones, by their `spelling`."""


_HARMLESS: dict[str, object] = {
    "candidates": 1,
    "parallel_tool_calls": True,
    "modalities": ("text",),
    "truncation": "disabled",
    "logprobs": False,
    "stop": (),
}
"""Values that say what happens anyway."""
