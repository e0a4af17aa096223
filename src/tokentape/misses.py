"""What a miss is: an answer that explains itself, and an error that is latched until the block ends.

A program may swallow what it sees of a miss, or an SDK retry it: the answer to an identical request is there
at once, and the error stays.
"""

from __future__ import annotations

import threading
from copy import copy
from typing import TYPE_CHECKING

from tokentape.errors import LiveReplyDiffers, ReplayMiss, TokentapeError
from tokentape.forks import renewed
from tokentape.log import log
from tokentape.matching.explain import Explanation, explain
from tokentape.outcomes import Miss
from tokentape.protocols.registry import error_reply, recognise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.cassettes.mode import RecordMode
    from tokentape.playback import Playback
    from tokentape.protocols.registry import Recognised
    from tokentape.recording import Recorder
    from tokentape.wire.message import Request

    WhyNot = Callable[[Request, Recognised], str]


class Latch:
    """The errors that end the block, even if the program swallows what it sees of them.

    `tell` passes each on, to whichever process opened the cassette.
    """

    def __init__(self, tell: Callable[[TokentapeError], None]) -> None:
        self.errors: list[TokentapeError] = []
        self._tell = tell

    def add(self, error: TokentapeError) -> None:
        """Keep `error`, unless one says the same."""
        if str(error) not in map(str, self.errors):
            self._keep(error)

    def add_same(self, error: TokentapeError) -> None:
        """Keep this very error, also again, where the first time was reported already."""
        if error not in self.errors:
            self._keep(error)

    def _keep(self, error: TokentapeError) -> None:
        self.errors.append(error)
        self._tell(error)

    def clear(self) -> None:
        """Forget them: somebody reported them, or they are a parent's."""
        self.errors = []


class Misses:
    """The misses of one deck, each explained once."""

    def __init__(
        self, path: str, mode: RecordMode, command: str, playback: Playback, recorder: Recorder
    ) -> None:
        self._path, self._mode, self._command = path, mode, command
        self._playback, self._recorder = playback, recorder
        self._known: dict[str, tuple[Miss, ReplayMiss]] = {}
        self.lock = renewed(threading.Lock())
        """Held while a miss is counted, explained and latched: two equal ones are one error."""

    def of(
        self, request: Request, found: Recognised, key: str, playing: threading.Lock, why_not: WhyNot | None
    ) -> tuple[Miss, ReplayMiss]:
        """The answer to `request`, and the error to latch; the same ones for an identical request.

        `playing` is held while recordings are compared; `why_not` says why none was made to fit.
        """
        if key not in self._known:
            with playing:
                candidates = list(self._playback.candidates())
                unused = tuple(self._playback.unused())
                note = self._note(request, found, key, why_not)
            explanation = explain(
                self._recorder.matcher,
                self._recorder.redacted(request),
                candidates,
                cassette=self._path,
                mode=self._mode.value,
                unused=unused,
                command=self._command,
                note=note,
            )
            self._known[key] = self._explained(request, found, explanation)
            log.debug("%s: no recording for key %s", self._path, key)
        return self._known[key]

    def _note(self, request: Request, found: Recognised, key: str, why_not: WhyNot | None) -> str:
        if self._playback.knows(key):
            return "every recording of this call was played already"
        return why_not(request, found) if why_not is not None else ""

    @staticmethod
    def _explained(request: Request, found: Recognised, explanation: Explanation) -> tuple[Miss, ReplayMiss]:
        reply = error_reply(found.operation, str(explanation))
        return Miss(explanation, request, reply), ReplayMiss(explanation)


def refusal(request: Request, error: TokentapeError) -> Miss:
    """A native error reply that says `error`."""
    return Miss(None, request, error_reply(recognise(request).operation, str(error)))


def combine(errors: list[TokentapeError]) -> TokentapeError:
    """The first error, knowing the other misses. Live replies that differ come with it as notes, or all in
    one where nothing else went wrong: a miss is what the program met, and they are not.
    """
    differing = [str(error) for error in errors if isinstance(error, LiveReplyDiffers)]
    others = [error for error in errors if not isinstance(error, LiveReplyDiffers)]
    if not others:
        return LiveReplyDiffers("\n\n".join(differing))
    first = others[0]
    missed = tuple(error.explanation for error in others[1:] if isinstance(error, ReplayMiss))
    if isinstance(first, ReplayMiss) and missed:
        first = ReplayMiss(first.explanation, missed)
    return _with_notes(first, differing) if differing else first


def _with_notes(error: TokentapeError, notes: list[str]) -> TokentapeError:
    """A copy: a miss is latched again by a later test, and those notes are not its own."""
    noted = copy(error)
    noted.__cause__ = error.__cause__
    for note in notes:
        noted.add_note(note)
    return noted
