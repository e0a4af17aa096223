"""Log probabilities of a choice, both ways: they belong to its text and its refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message
from tokentape.protocols.canonical.parts import Refusal, Text

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

KINDS: tuple[tuple[str, type[Text | Refusal]], ...] = (("content", Text), ("refusal", Refusal))


def read_likely(likely: Json, items: list[Item]) -> tuple[list[Item], Json]:
    """The items with the `logprobs` of their choice, and what of these has no place there.

    They are a list of tokens for the content, and one for the refusal; other servers' forms stay as they are.
    """
    if not isinstance(likely, dict):
        return items, likely
    left: Fields = dict(likely)
    for name, kind in KINDS:
        tokens = likely.get(name)
        if isinstance(tokens, list) and tokens and (changed := _told(items, kind, tuple(tokens))):
            items = changed
            left[name] = None
    return items, left


def _told(items: list[Item], kind: type[Text | Refusal], tokens: tuple[Json, ...]) -> list[Item]:
    """The items with the tokens at the first text; none if there is no text."""
    for at, item in enumerate(items):
        if isinstance(item, Message):
            for nth, part in enumerate(item.parts):
                if isinstance(part, kind):
                    told = replace(part, logprobs=tokens)
                    parts = (*item.parts[:nth], told, *item.parts[nth + 1 :])
                    return [*items[:at], replace(item, parts=parts), *items[at + 1 :]]
    return []


def write_likely(items: tuple[Item, ...], left: Json) -> Json:
    """`logprobs` of a choice; `left` is what did not belong to items."""
    found: dict[str, list[Json]] = {}
    parts = [part for item in items if isinstance(item, Message) for part in item.parts]
    for name, kind in KINDS:
        tokens = [
            token for part in parts if isinstance(part, kind) and part.logprobs for token in part.logprobs
        ]
        if tokens:
            found[name] = tokens
    if not found:
        return left
    usual: Fields = {"content": None, "refusal": None}
    return {**(left if isinstance(left, dict) else usual), **found}
