"""Learning from the reply to one request: nothing is kept before the reply is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.chain import chained
from tokentape.gateway.fields.extracting import Extracting
from tokentape.gateway.fields.listening import Listening
from tokentape.gateway.fields.notes import Notes
from tokentape.gateway.fields.options import as_json
from tokentape.gateway.fields.restoring import Restoring
from tokentape.protocols.codec import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.gateway.conversations.chain import Chain
    from tokentape.gateway.fields.notes import Note
    from tokentape.gateway.fields.rule import FieldRule
    from tokentape.gateway.fields.scope import Whose
    from tokentape.gateway.fields.states import StateRule
    from tokentape.gateway.fields.values import Kept
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Going:
    """A request that goes out: to whom, in whose scope, and as what. `sent` is the body as it goes, in
    `dialect`; `asked` gives the canonical request as the client sent it, and is asked only by those who
    learn something.
    """

    upstream: Upstream
    model: str
    scope: Whose
    sent: Fields
    asked: Callable[[], Conversation | None]
    dialect: str


class Watch:
    """Give it the upstream's reply: `feed` the bytes of a stream, or event by `event`; or the whole body by
    `reply`. Who has the canonical reply anyway tells it by `said`, and may leave the stream out unless
    `wants_stream`. Then `done`.
    """

    def __init__(
        self, values: Kept, rules: Sequence[FieldRule], states: Sequence[StateRule], going: Going
    ) -> None:
        self._going, self._states = going, states
        self._notes = Notes()
        about = (going.upstream.name, going.model, going.scope, self._notes)
        self._restoring = Restoring(values, *about)
        self._extracting = Extracting(values, rules, *about)
        upstream = going.upstream
        source = Source(
            going.dialect,
            going.model,
            provider=upstream.provider,
            credential=going.scope.credential,
            quirks=upstream.quirks,
        )
        self.folds = bool(states) or self._extracting.wants("canonical_reply")
        """True if it reads a stream for the canonical reply; `heard` has it then."""
        self._listening = Listening(
            source,
            self._extracting.event,
            folds=self.folds,
            holds=self._extracting.wants("response"),
        )
        self._said: Reply | None = None

    @property
    def is_bound(self) -> bool:
        """True if state was kept that only the credential of this call can read."""
        return self._restoring.is_bound

    @property
    def wants_stream(self) -> bool:
        """False if it is enough to tell what was `said`."""
        return self._extracting.wants("response") or self._extracting.wants("stream_event")

    def feed(self, data: bytes) -> None:
        """The next bytes of a stream, as the upstream sent them (without their content coding)."""
        self._listening.feed(data)

    def event(self, json: Json, name: str | None = None) -> None:
        """The next event of a stream."""
        self._listening.event(json, name)

    def reply(self, body: Json) -> None:
        """A whole reply."""
        self._listening.body = body if isinstance(body, dict) else None

    def said(self, reply: Reply) -> None:
        """The upstream's reply in canonical form."""
        self._said = reply

    def heard(self) -> Reply | None:
        """The upstream's reply in canonical form, as far as it came; None where no rule needs it."""
        if self._said is None and self.folds:
            self._said = self._listening.reply()
        return self._said

    @property
    def has_ended(self) -> bool:
        """True once a stream told its own end, if it is read for its reply."""
        return self._listening.has_ended

    def done(self, *, complete: bool) -> tuple[Note, ...]:
        """The end. `complete`: the reply came whole, and was no error; else nothing is learned of it, unless
        it is a stream that told its own end before (clients leave then, without waiting for more).
        """
        if not (complete or self.has_ended):
            return ()
        self._listening.close()
        said = self.heard()
        if said is not None and (not said.complete or said.failure is not None):
            return ()
        self._learn(said)
        if self._listening.trouble:
            self._notes.skipped("-", self._listening.trouble)
        return self._notes.all

    def _learn(self, said: Reply | None) -> None:
        if said is not None:
            self._restoring.learn(self._place, said, self._states)
        if self._extracting.has_rules:
            self._extract(said)

    def _place(self) -> Chain | None:
        """Where in its history the request stands."""
        asked = self._going.asked()
        return chained(asked.items) if asked is not None else None

    def _extract(self, said: Reply | None) -> None:
        extracting, asked, place = self._extracting, self._going.asked(), self._place()
        extracting.take("request", self._going.sent)
        if extracting.wants("response"):
            extracting.take("response", self._listening.whole())
        if extracting.wants("canonical_request") and asked is not None:
            extracting.take("canonical_request", as_json(asked))
        if said is not None and extracting.wants("canonical_reply"):
            extracting.take("canonical_reply", as_json(said))
        extracting.keep(user_spoke=place is None or not place.turns or place.turns[-1].side == "user")
