"""A canonical request as an upstream takes it: what stands around the body that its dialect's writer made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape import __version__
from tokentape.protocols.codec import Target
from tokentape.upstreams.addressing import url_of

if TYPE_CHECKING:
    from tokentape.protocols.codec import Outgoing
    from tokentape.upstreams.upstream import Candidate, Upstream
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

IDENTITY = ("accept-encoding", "identity")
"""Replies are read on their way, so they are asked for without a coding."""

_STANDARD = {
    "anthropic.messages": (("anthropic-version", "2023-06-01"),),
}
"""Fields that a dialect wants with every request."""


def target_of(candidate: Candidate, dialect: str, credential: str) -> Target:
    """Whom a request is written for, where the credential of that name asks."""
    upstream = candidate.upstream
    bound = f"{upstream.name}#{credential}"
    return Target(dialect, candidate.model, upstream.provider or None, bound, upstream.quirks)


def fresh(dialect: str, *, stream: bool) -> Headers:
    """The fields of a request that was written anew."""
    accept = "text/event-stream" if stream else "application/json"
    return (
        ("content-type", "application/json"),
        ("accept", accept),
        ("user-agent", f"tokentape/{__version__}"),
        *_STANDARD.get(dialect, ()),
        IDENTITY,
    )


def own_way(fields: Fields, upstream: Upstream) -> Fields:
    """A body with the fields that every one has there, and without those that stand elsewhere (Vertex has the
    model in its path).
    """
    if not (upstream.forced or upstream.dropped):
        return fields
    return {
        name: value for name, value in {**fields, **upstream.forced}.items() if name not in upstream.dropped
    }


def place_of(candidate: Candidate, outgoing: Outgoing, *, stream: bool) -> str:
    """The URL for a request that was written. Raises `UsageError` for a model that cannot stand in a path."""
    path = outgoing.path
    return url_of(candidate.upstream, path, outgoing.query, candidate.model, method_of(path), stream=stream)


def method_of(path: str) -> str:
    """What is done to the model, as a path says it: `generateContent`, `converse-stream`."""
    last = path.rpartition("/")[2]
    return last.rpartition(":")[2]
