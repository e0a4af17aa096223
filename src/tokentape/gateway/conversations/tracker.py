"""Which conversation a call belongs to, by the best evidence there is.

1. The client named it, by header or path.
2. It goes on from a response that we know (`previous_response_id`), or names a provider's `conversation`.
3. The client has a name of its own for it (`markers`).
4. Its history is exactly that of an earlier exchange of the same client: request and reply, turn by turn.
5. Otherwise it is a new one.

A wrong guess mixes two users' states, a missed one costs a cached prompt. So for 4 the rule is: *doubt is
new*. Where two conversations of a client stand at the same place (the same first words, the same answer),
what goes on from there belongs to neither. One that goes on from a place where another request went on
before is an edit, or a sub-agent that runs beside it: a new conversation, linked to the first. The request
that went on first keeps the place; the very same request again is a retry and belongs to it. Replies that
broke off teach nothing. What only shares a question, without the answer, is not even linked.
"""

from __future__ import annotations

from dataclasses import replace
from random import getrandbits
from typing import TYPE_CHECKING

from tokentape.gateway.classes import COMPACTION, MAIN
from tokentape.gateway.conversations.chain import chained, written
from tokentape.gateway.conversations.identity import Identity
from tokentape.gateway.conversations.markers import marker
from tokentape.gateway.conversations.memory import Places, TrackerOptions, hashed
from tokentape.gateway.conversations.summaries import summaries_in, summaries_of
from tokentape.protocols.reading import at, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.conversations.chain import Chain
    from tokentape.gateway.conversations.identity import Seen
    from tokentape.gateway.conversations.memory import Entry
    from tokentape.protocols.canonical.reply import Reply

_END, _ASKED, _RESPONSE, _SUMMARY = b"e", b"a", b"r", b"s"
"""What a hash is of: an exchange's end, a request, a response's id, a summary."""


def _minted() -> str:
    """A name that nobody else has. It opens nothing, so it may be guessed; to ask the system for chance lets
    other threads run, and they may run for long.
    """
    return f"conv_{getrandbits(96):024x}"


class Tracker:
    """Knows the conversations of all clients. All state is hashes and ids; see `TrackerOptions`."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        options: TrackerOptions | None = None,
        mint: Callable[[], str] = _minted,
    ) -> None:
        self._options = options or TrackerOptions()
        self._mint = mint
        self.places = Places(self._options, clock)

    def identify(self, seen: Seen) -> Identity:
        """The conversation `seen` belongs to. It is claimed at once, so that a request that comes beside
        it finds the place taken.
        """
        return (
            self._named(seen)
            or self._continued(seen)
            or self._marked(seen)
            or self._unknown_response(seen)
            or self._compared(seen)
        )

    def answered(
        self, identity: Identity, seen: Seen, reply: Reply | Callable[[], Reply | None] | None
    ) -> None:
        """The reply to a request, whole. Call it for no other; `reply` may be a function, which is called
        only where it is needed.
        """
        if not self.wants_reply(identity, seen):
            return
        found = reply() if callable(reply) else reply
        if found is None or not found.complete or found.failure is not None:
            return
        client, conversation = seen.client, identity.id
        if found.id:
            self.places.add(client, _RESPONSE + hashed(found.id), conversation)
        for choice in found.choices:
            for summary in summaries_of(choice.items, is_compaction=seen.kind == COMPACTION):
                self.places.add(client, _SUMMARY + summary, conversation)
            end = identity.place.after(choice.items) if identity.place and seen.kind == MAIN else None
            if end is not None:
                self.places.add(client, _END + end, conversation)

    def wants_reply(self, identity: Identity, seen: Seen) -> bool:
        """True if the reply says something that is not known without it."""
        return identity.is_compared or seen.dialect == "openai.responses"

    # ---- what names it

    def _named(self, seen: Seen) -> Identity | None:
        for name, given in (
            ("conversation", seen.naming.conversation),
            ("session", seen.naming.session),
        ):
            if given is not None:
                return Identity(_id(seen.client, name, given), f"the client named the {name}")
        return None

    def _marked(self, seen: Seen) -> Identity | None:
        found = marker(seen.headers, seen.fields, self._options.headers)
        if found is None:
            return None
        parent = _id(seen.client, "marker", *found.parent) if found.parent else None
        return Identity(_id(seen.client, "marker", *found.name), found.evidence, parent)

    # ---- state at a provider

    def _continued(self, seen: Seen) -> Identity | None:
        kept = seen.fields.get("conversation")
        named = text(kept) or text(at(kept, "id"))
        if named:
            return Identity(_id(seen.client, "provider", named), "the field conversation")
        before = text(seen.fields.get("previous_response_id"))
        entry = self.places.get(seen.client, _RESPONSE + hashed(before)) if before else None
        if entry is None:
            return None
        request = hashed(before, written(seen.fields.get("input")))
        return self._goes_on(seen, entry, request, "previous_response_id", None)

    def _unknown_response(self, seen: Seen) -> Identity | None:
        before = text(seen.fields.get("previous_response_id"))
        if not before:
            return None
        return Identity(
            _id(seen.client, "response", before), "previous_response_id, of a response that is not known"
        )

    # ---- its history

    def _compared(self, seen: Seen) -> Identity:
        asked = seen.conversation() if self._options.compare else None
        if asked is None:
            return Identity(self._mint(), "nothing names it")
        place = chained(asked.items)
        return self._gone_on(seen, place) or self._summed_up(seen, place) or self._new(seen, place)

    def _gone_on(self, seen: Seen, place: Chain) -> Identity | None:
        for turn in reversed(place.turns):
            if turn.side != "assistant":
                continue
            entry = self.places.get(seen.client, _END + turn.link)
            if entry is not None:
                return self._goes_on(seen, entry, place.link, "the history of an earlier exchange", place)
        return None

    def _goes_on(
        self, seen: Seen, entry: Entry, request: bytes, evidence: str, place: Chain | None
    ) -> Identity:
        """The conversation at a place, or one that leaves it there."""
        client, asked = seen.client, _ASKED + request
        if entry.is_shared:
            return Identity(self._mint(), f"new: several conversations have {evidence}", None, place)
        before = self.places.get(client, asked)
        if before is not None and not before.is_shared:
            return Identity(before.conversation, f"{evidence}, asked again", None, place)
        if seen.kind != MAIN:
            return Identity(entry.conversation, evidence, None, place)
        if entry.next is None or entry.next == request:
            entry.next = request
            found = Identity(entry.conversation, evidence, None, place)
        else:
            why = f"new: it leaves {evidence}, from which another request went on"
            found = Identity(self._mint(), why, entry.conversation, place)
        self.places.add(client, asked, found.id)
        return found

    def _summed_up(self, seen: Seen, place: Chain) -> Identity | None:
        """A history that begins with a summary: a new conversation; linked if the summary is one of ours,
        word for word.
        """
        found = summaries_in(place)
        if found is None:
            return None
        for summary in found:
            entry = self.places.get(seen.client, _SUMMARY + summary)
            if entry is not None and not entry.is_shared:
                new = self._new(seen, place)
                return replace(new, evidence="new: after a compaction", linked=entry.conversation)
        return replace(self._new(seen, place), evidence="new: after a compaction of one not known")

    def _new(self, seen: Seen, place: Chain) -> Identity:
        begun = any(turn.side == "assistant" for turn in place.turns)
        why = "new: its history is not known" if begun else "new: it begins here"
        return Identity(self._mint(), why, None, place if seen.kind == MAIN else None)


def _id(client: str, *names: str) -> str:
    """An id made of a name: the same for the same client, and nobody else's."""
    return f"conv_{hashed(client, *names).hex()[:24]}"
