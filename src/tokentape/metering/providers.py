"""Who charges for a call: by its URL; where that is unknown (a gateway, a test server), by its dialect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.metering.rules import fits, spellings

if TYPE_CHECKING:
    from tokentape.metering.snapshot import Snapshot
    from tokentape.wire.interaction import Json

_MORE = (
    (r"https://([^/]+\.)?bedrock[^/]*\.(amazonaws\.com|amazonaws\.com\.cn|api\.aws)(/|$)", "aws"),
    (r"https://api\.together\.ai(/|$)", "together"),
    (r"https://codestral\.mistral\.ai(/|$)", "mistral"),
    (r"https://router\.huggingface\.co/fireworks(/|$)", "huggingface_fireworks-ai"),
)
"""Addresses that the price data leaves out."""

MAKERS = {
    "openai.chat": "openai",
    "openai.responses": "openai",
    "openai.embeddings": "openai",
    "openai.completions": "openai",
    "openai.media": "openai",
    "openai.files": "openai",
    "anthropic.messages": "anthropic",
    "anthropic.complete": "anthropic",
    "gemini": "google",
    "bedrock.converse": "aws",
    "bedrock.invoke": "aws",
}
"""Dialects whose maker also serves models that nobody can run at home."""

_OPEN_WEIGHTS: list[Json] = ["*gpt-oss", "*gemma"]
"""Served by anyone at any price, so the maker's price says nothing."""


def provider_of(snapshot: Snapshot, url: str, dialect: str, names: tuple[str, ...]) -> str | None:
    """The id of the provider in the price data; None if nobody can say.

    A gateway in front of `gpt-4o` is charged what OpenAI charges; a local server of open models is not.
    """
    more = (provider for pattern, provider in _MORE if re.match(pattern, url))
    found = snapshot.provider_at(url) or next(more, None)
    if found is not None:
        return found
    maker = MAKERS.get(dialect)
    return maker if maker is not None and any(_is_made_by(snapshot, maker, name) for name in names) else None


def _is_made_by(snapshot: Snapshot, maker: str, name: str) -> bool:
    if any(fits(_OPEN_WEIGHTS, spelling) for spelling in spellings(name)):
        return False
    return snapshot.find(maker, name) is not None


def names_of(provider: str | None, asked: str | None, answered: str | None) -> tuple[str, ...]:
    """The names under which a model may be listed, best first.

    The reply's name is the more exact one (`gpt-4o-2024-08-06` for `gpt-4o`). Bedrock and Vertex charge for
    the id in the URL. An Azure deployment is called as its owner likes: only the reply says what it is.
    """
    if provider == "azure":
        names = [answered]
    elif provider in {"aws", "google"}:
        names = [_id_in(asked), answered]
    else:
        names = [answered, asked]
    return tuple(dict.fromkeys(name for name in names if name))


def _id_in(asked: str | None) -> str | None:
    """The model's id at the end of an ARN, or the id as it is."""
    return asked.rpartition("/")[2] if asked and asked.startswith("arn:") else asked
