"""Whose memory a value is in. A scope that cannot be told is no scope: nothing is kept, nothing given."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.chain import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.fields.values import Kept
    from tokentape.wire.interaction import Json

NAMES = ("client", "upstream", "model", "credential", "session", "conversation", "class")
"""All scopes there are, in the order in which they are hashed."""

DEFAULT = ("upstream", "model", "credential", "conversation")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, with which credential, in which conversation; None or "" for what is not known.

    `client` is the fingerprint of the client's key. `linked` is the conversation this one came from: what
    was learned there may be given here, and what is learned here stays here.
    """

    client: str
    credential: str | None = None
    session: str | None = None
    conversation: str | None = None
    kind: str | None = None
    linked: str | None = None


class Missing(Exception):
    """A scope that a rule needs is not known; the message is its name."""


def key_of(
    what: Iterable[str],
    names: frozenset[str],
    upstream: str,
    model: str,
    scope: Scope,
    *,
    of: str | None = None,
) -> bytes:
    """The key of a value: SHA-256 over the names and values of its scopes, each with its length before it,
    so that no two keys can be made to meet by what a name contains.

    `what` says which value; `of` stands for the conversation. Raises `Missing`.
    """
    known = {
        "client": scope.client,
        "upstream": upstream,
        "model": model,
        "credential": scope.credential,
        "session": scope.session,
        "conversation": of or scope.conversation,
        "class": scope.kind,
    }
    said = list(what)
    for name in NAMES:
        if name in names:
            value = known[name]
            if not value:
                raise Missing(name)
            said += (name, value)
    return sha256(packed(*said)).digest()


def recalled(
    values: Kept, what: tuple[str, ...], names: frozenset[str], upstream: str, model: str, scope: Scope
) -> list[Json]:
    """What is kept for a scope, else for the conversation it came from. Raises `Missing`."""
    found = values.get(key_of(what, names, upstream, model, scope))
    if not found and scope.linked and "conversation" in names:
        found = values.get(key_of(what, names, upstream, model, scope, of=scope.linked))
    return found
