"""Whose memory a value is in. A scope that cannot be told is no scope: nothing is kept, nothing given."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from tokentape.gateway.conversations.chain import packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.fields.values import Kept
    from tokentape.wire.interaction import Json

NAMES = ("client", "upstream", "model", "credential", "session", "conversation", "class")
"""All scopes there are, in the order in which they are hashed."""

DEFAULT = ("upstream", "model", "credential", "conversation")


class Whose(Protocol):
    """Who asks, with which credential, in which conversation; None or "" for what is not known.

    `client` is the fingerprint of the client's key. `linked` is the conversation this one came from: what
    was learned there may be given here, and what is learned here stays here. Only what a rule's scopes
    name is asked, and only where the rule has something to keep or to give: it may be work to find it out.
    """

    @property
    def client(self) -> str: ...
    @property
    def credential(self) -> str | None: ...
    @property
    def session(self) -> str | None: ...
    @property
    def conversation(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def linked(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """All of it, where it is known."""

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
    scope: Whose,
    *,
    of: str | None = None,
) -> bytes:
    """The key of a value: SHA-256 over the names and values of its scopes, each with its length before it,
    so that no two keys can be made to meet by what a name contains.

    `what` says which value; `of` stands for the conversation. Raises `Missing`.
    """
    said = list(what)
    for name in NAMES:
        if name in names:
            value = of if of and name == "conversation" else _told(name, upstream, model, scope)
            if not value:
                raise Missing(name)
            said += (name, value)
    return sha256(packed(*said)).digest()


def _told(name: str, upstream: str, model: str, scope: Whose) -> str | None:
    """The value of one scope."""
    match name:
        case "client":
            return scope.client
        case "upstream":
            return upstream
        case "model":
            return model
        case "credential":
            return scope.credential
        case "session":
            return scope.session
        case "conversation":
            return scope.conversation
        case _:
            return scope.kind


def recalled(
    values: Kept, what: tuple[str, ...], names: frozenset[str], upstream: str, model: str, scope: Whose
) -> list[Json]:
    """What is kept for a scope, else for the conversation it came from. Raises `Missing`."""
    found = values.get(key_of(what, names, upstream, model, scope))
    if not found and "conversation" in names and scope.linked:
        found = values.get(key_of(what, names, upstream, model, scope, of=scope.linked))
    return found
