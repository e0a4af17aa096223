"""Ids of tool calls, as each API takes them.

An id that conforms stays as it is; another one is cleaned and marked with a hash of itself, so that the
same id becomes the same one on call and result, in every turn, on every machine (cases 1, 2, 3).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item

SIGNED_ID = "__thought__"
"""What LiteLLM puts between an id and the signature of its call (case 19)."""

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class IdRule:
    """What an id may be: the characters it may not have (a pattern), its longest and its only length."""

    forbidden: re.Pattern[str]
    longest: int
    exact: int | None = None

    def fits(self, given: str) -> bool:
        """True if `given` may be sent as it is."""
        return bool(
            given
            and len(given) <= self.longest
            and self.exact in (None, len(given))
            and not self.forbidden.search(given)
        )

    def fitted(self, given: str) -> str:
        """`given`, or the id that stands for it."""
        if self.fits(given):
            return given
        mark = _hash(given)
        if self.exact is not None:
            return mark[: self.exact]
        cleaned = self.forbidden.sub("_", given)[: self.longest - 11]
        return f"{cleaned}_{mark[:10]}"


def _hash(given: str) -> str:
    number = int.from_bytes(sha256(given.encode("utf-8", "surrogatepass")).digest()[:12])
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits).ljust(12, "0")


RULES = {
    "openai": IdRule(re.compile(r"[^\x21-\x7e]"), 64),
    "anthropic": IdRule(re.compile(r"[^a-zA-Z0-9_-]"), 64),
    "bedrock": IdRule(re.compile(r"[^a-zA-Z0-9_-]"), 64),
    "mistral": IdRule(re.compile(r"[^a-zA-Z0-9]"), 9, 9),
    "any": IdRule(re.compile(r"(?!)"), 1 << 20),
}
"""By API: OpenAI 64 characters, Anthropic and Bedrock `[a-zA-Z0-9_-]{1,64}`, Mistral nine alphanumerics."""


def identified(items: Iterable[Item], seed: str = "") -> list[Item]:
    """The items with an id for every call and result that has none (case 4).

    Ids are made of `seed` and the place among the calls, so the same history has the same ids. Results
    without an id belong to the first open call of their name.
    """
    found: list[Item] = []
    waiting = _Waiting()
    for nth, item in enumerate(items):
        if isinstance(item, ToolCall):
            given = item.id or "call_" + _hash(f"{seed}/{nth}/{item.name}/{item.arguments}")
            waiting.add(item.name, given)
            found.append(item if item.id else replace(item, id=given))
        elif isinstance(item, ToolResult):
            found.append(_identified(item, waiting))
        else:
            found.append(item)
    return found


def _identified(item: ToolResult, waiting: _Waiting) -> ToolResult:
    call = waiting.first(item)
    if call is None or (item.call_id and item.name):
        return item
    name, given = call
    return replace(item, call_id=item.call_id or given, name=item.name or name)


class _Waiting:
    """Calls that have no result yet, in lines by their id and by their name; None for all of them."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, str] | None] = []
        self._by_id: dict[str, deque[int]] = {}
        self._by_name: dict[str | None, deque[int]] = {None: deque()}

    def add(self, name: str, given: str) -> None:
        """One more."""
        place = len(self._calls)
        self._calls.append((name, given))
        self._by_id.setdefault(given, deque()).append(place)
        self._by_name.setdefault(name, deque()).append(place)
        self._by_name[None].append(place)

    def first(self, item: ToolResult) -> tuple[str, str] | None:
        """The first that `item` can be the result of, which then waits no longer."""
        line = self._by_id.get(item.call_id) if item.call_id else self._by_name.get(item.name)
        while line:
            place = line.popleft()
            if (call := self._calls[place]) is not None:
                self._calls[place] = None
                return call
        return None
