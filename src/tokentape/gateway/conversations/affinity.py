"""Which credential goes on with a conversation: the one that made its opaque state, else the last one.

A prompt that one key cached is cheap for that key only; reasoning that was sealed for one organisation can be
read by no other (case 20). The plan asks for the credential and prefers it. Where state is bound, another
credential gets the conversation without that state, never with it: see `FieldMemory`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.conversations.identity import Identity


@dataclass(slots=True)
class _Made:
    credential: str
    is_bound: bool
    at: float


class Affinity:
    """Remembers credentials by conversation and upstream. Credentials of two upstreams may share a name."""

    def __init__(self, *, clock: Callable[[], float], most: int = 20_000, ttl: float = 86_400.0) -> None:
        self._clock, self._most, self._ttl = clock, most, ttl
        self._made: OrderedDict[tuple[str, str], _Made] = OrderedDict()

    def of(self, identity: Identity, upstream: str = "") -> str | None:
        """The credential to prefer at `upstream`; else that of the conversation it came from."""
        made = self._get(identity.id, upstream) or (
            self._get(identity.linked, upstream) if identity.linked else None
        )
        return made.credential if made is not None else None

    def is_bound(self, identity: Identity, upstream: str = "") -> bool:
        """True if the conversation holds state that only its credential can read."""
        made = self._get(identity.id, upstream)
        return made is not None and made.is_bound

    def made(
        self, identity: Identity, credential: str, upstream: str = "", *, is_bound: bool = False
    ) -> None:
        """`credential` answered. State that was bound to another one stays bound to that until this one
        makes some itself.
        """
        known = self._get(identity.id, upstream)
        if known is not None and known.is_bound and known.credential != credential and not is_bound:
            return
        stays = known is not None and known.is_bound and known.credential == credential
        self._made[identity.id, upstream] = _Made(credential, is_bound or stays, self._clock())
        self._made.move_to_end((identity.id, upstream))
        while len(self._made) > self._most:
            self._made.popitem(last=False)

    def _get(self, conversation: str, upstream: str) -> _Made | None:
        key = (conversation, upstream)
        made = self._made.get(key)
        if made is None:
            return None
        now = self._clock()
        if now - made.at > self._ttl:
            del self._made[key]
            return None
        made.at = now
        self._made.move_to_end(key)
        return made
