"""What is known about a provider, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider.

    `places` are the options that fill `{...}` in its address, with their defaults ("": must be said).
    `variables` are where its key usually stands. `provider` names who makes opaque state there.
    """

    name: str
    title: str
    dialect: str
    base_url: str
    auth: str
    docs: str
    variables: tuple[str, ...] = ()
    provider: str = ""
    server: str = ""
    also: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)
    auth_options: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = ()
    query: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, Json] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    keeps_responses: bool = False
    notes: str = ""


CHAT = "openai.chat"
RESPONSES = "openai.responses"
PLAIN = frozenset({"openai.embeddings", "openai.completions", "openai.meta"})
"""What most servers of the Chat dialect have besides."""
WHOLE = PLAIN | {"openai.files", "openai.media", "openai.realtime", RESPONSES}
