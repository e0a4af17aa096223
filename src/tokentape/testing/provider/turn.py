"""The exchange without any API's spelling: what was asked, what is said, and under which ids."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

EPOCH = 1_767_225_600
"""Replies are dated from here on, a second apart (2026-01-01T00:00:00Z)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the client offers. `schema` is the JSON schema of its arguments."""

    name: str
    schema: Json = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a request for a generated reply asks.

    `text` is the last user text; `results` the tool results at the end of the conversation;
    `schema` the JSON schema asked for (`{}`: any JSON object); `must_call` a tool the client insists on.
    """

    model: str
    text: str
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    results: tuple[str, ...] = ()
    schema: Json = None
    thinking: bool = False
    usage_wanted: bool = True
    must_call: str | None = None
    body: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @property
    def tokens(self) -> int:
        """A plausible count of input tokens."""
        return 8 + count_tokens(self.text) + sum(map(count_tokens, self.results)) + 20 * len(self.tools)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of a reply."""

    name: str
    arguments: Mapping[str, Json] = field(default_factory=dict)

    @property
    def json(self) -> str:
        """The arguments as the JSON text that most APIs carry."""
        return json.dumps(self.arguments, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Turn:
    """What the provider says. `cut_short`: ended by the token limit and not by itself."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    cut_short: bool = False

    @property
    def tokens(self) -> int:
        """A plausible count of output tokens, thinking included."""
        return max(
            1, count_tokens(self.text) + self.thinking_tokens + sum(_cost(call) for call in self.calls)
        )

    @property
    def thinking_tokens(self) -> int:
        """The tokens of the thinking alone."""
        return count_tokens(self.thinking)

    @property
    def pieces(self) -> list[str]:
        """The text in the pieces in which it streams."""
        return words(self.text)


@dataclass(frozen=True)
class Serial:
    """Names of one reply: equal for the n-th asking of the same request, different from all others."""

    request: bytes
    n: int

    @cached_property
    def seed(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(b"%d:" % self.n + self.request).hexdigest()

    @property
    def created(self) -> int:
        """Seconds since 1970."""
        return EPOCH + self.n

    def hex(self, salt: str = "", length: int = 24) -> str:
        """Hex digits for an id, at most 64; a salt makes another id of the same reply."""
        digits = hashlib.sha256((salt + self.seed).encode()).hexdigest() if salt else self.seed
        return digits[:length]


def words(text: str) -> list[str]:
    """The text cut behind each run of spaces, as token streams look; joined, it is the text."""
    return re.findall(r"\s*\S+\s?|\s+", text)


def fragments(text: str) -> list[str]:
    """JSON text cut into the fragments in which tool arguments stream."""
    return re.findall(r"\w+|\W+", text)


def count_tokens(text: str) -> int:
    """About four characters a token."""
    return (len(text) + 3) // 4


def _cost(call: Call) -> int:
    return 10 + count_tokens(call.name) + count_tokens(call.json)
