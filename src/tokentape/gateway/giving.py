"""What an upstream needs back, put into a request: field rules, applied to one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.fields.watch import Going

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.around import Around
    from tokentape.gateway.fields.memory import FieldMemory
    from tokentape.gateway.fields.notes import Note
    from tokentape.gateway.fields.watch import Watch
    from tokentape.gateway.preparing import Prepared
    from tokentape.gateway.trace.trace import Trace
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]


class _Asker:
    """Whose memory a call has. To which conversation it belongs, and what kind of request it is, is found
    out when a rule asks: it has nothing to give to a first request, and keeps nothing of most replies.
    """

    __slots__ = ("_around", "credential")

    def __init__(self, around: Around, credential: str) -> None:
        self._around, self.credential = around, credential

    @property
    def client(self) -> str:
        return self._around.seen.client

    @property
    def session(self) -> str | None:
        return self._around.seen.naming.session

    @property
    def conversation(self) -> str:
        return self._around.identity.id

    @property
    def kind(self) -> str:
        return self._around.seen.kind

    @property
    def linked(self) -> str | None:
        return self._around.identity.linked


class Giving:
    """The rules, for one call at one candidate with one credential."""

    def __init__(
        self, memory: FieldMemory, around: Around, candidate: Candidate, credential: str, trace: Trace
    ) -> None:
        self._memory, self._around, self._trace = memory, around, trace
        self._upstream, self._model = candidate.upstream, candidate.model
        self._whose = _Asker(around, f"{candidate.upstream.name}#{credential}")

    def _cares(self, dialect: str, *, passed: bool) -> bool:
        return self._memory.rules_for(self._upstream, self._model, dialect, passed=passed).care

    def restored(self, asked: Conversation, dialect: str) -> Conversation:
        """A canonical request that is about to be written in the upstream's dialect."""
        if not self._cares(dialect, passed=False):
            return asked
        found = self._memory.restore(self._upstream, self._model, self._whose, asked, dialect)
        self._note(found.notes)
        return found.asked

    def passed(self, fields: Fields, dialect: str) -> Fields:
        """A body that goes on in the client's own dialect: the same object for nearly all."""
        if not self._cares(dialect, passed=True):
            return fields
        found = self._memory.passed_on(self._upstream, self._model, self._whose, fields, dialect)
        self._note(found.notes)
        return found.body

    def injected(
        self, fields: Fields, headers: Headers, dialect: str, *, passed: bool = True
    ) -> tuple[Fields, Headers]:
        """Body and headers as they go out; `passed`: in the client's own dialect."""
        if not self._cares(dialect, passed=passed):
            return fields, headers
        found = self._memory.inject(
            self._upstream, self._model, self._whose, fields, headers, dialect, passed=passed
        )
        self._note(found.notes)
        return found.body, found.headers

    def watch(self, prepared: Prepared) -> Watch | None:
        """What learns from the reply; None where no rule cares."""
        dialect = prepared.source.dialect
        if not self._cares(dialect, passed=prepared.is_same):
            return None
        going = Going(
            self._upstream,
            self._model,
            self._whose,
            prepared.body or {},
            self._around.readable,
            dialect,
        )
        return self._memory.watch(going, passed=prepared.is_same)

    def _note(self, notes: Iterable[Note]) -> None:
        for note in notes:
            self._trace.note("field_rule", said=str(note))
