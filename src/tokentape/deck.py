"""The decision: replay a recording, forward and record, or answer with the explanation of a miss.

No I/O of its own and no library types: interceptors, explicit transports and the gateway all ask
`Deck.begin` and do what it says. Everything that is kept goes through `recording.Recorder`.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape import forks
from tokentape.cassettes.mode import RecordMode
from tokentape.errors import (
    CassetteError,
    LiveReplyDiffers,
    RecordingError,
    RecordingRefused,
    ReplayAbort,
    ReplayError,
    TokentapeError,
    TokentapeWarning,
)
from tokentape.kin import Kin
from tokentape.log import log
from tokentape.matching.explain import with_mode
from tokentape.misses import Latch, Misses, combine, refusal
from tokentape.outcomes import Forward, Miss, Outcome, Replay, put_underway
from tokentape.predicates import ASIDE
from tokentape.protocols.registry import error_reply, recognise
from tokentape.tally import Tally
from tokentape.troubles import said
from tokentape.verification import Verification, comparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.cassettes.cassette import Cassette
    from tokentape.options import Options
    from tokentape.playback import Playback
    from tokentape.protocols.registry import Recognised
    from tokentape.recording import Recorder
    from tokentape.settings import ModeChoice
    from tokentape.sharing import Shared, Told
    from tokentape.synthesis.search import OtherForm
    from tokentape.tape import Tape
    from tokentape.wire.interaction import Interaction, Json
    from tokentape.wire.message import Request


COMMAND = "TOKENTAPE_MODE={mode}, and run it again"
"""What to run where nobody said."""


class Deck:
    """One cassette in force, from `opening.open_deck` until `close`."""

    def __init__(
        self, path: str, options: Options, choice: ModeChoice, playback: Playback, recorder: Recorder
    ) -> None:
        self.path = path
        self.options = options
        self.mode = choice.mode
        self.source = choice.source
        self.parent: Deck | None = None
        self.is_closed = False
        self.tally = Tally()
        command = options.command or COMMAND
        self.command = with_mode(command, RecordMode.NEW_EPISODES)
        self._playback = playback
        self._recorder = recorder
        self._other_form: OtherForm | None = None
        self.predicates = options.predicates
        self._pace = options.pace == "recorded"
        self._lock = forks.renewed(threading.Lock())
        self._kin = Kin(self, playback, recorder)
        forks.follow(self)
        self._misses = Misses(path, choice.mode, command, playback, recorder)
        self._latch = Latch(self._kin.tell)
        self._last_at = 0.0
        self._verification: Verification | None = None
        if choice.mode is RecordMode.VERIFY:
            compared = comparison(options.compare or "usual")
            self._verification = Verification(compared, recorder, self.tally, self._differs)
        self.calls: deque[Interaction] = deque(maxlen=0)
        """The last calls that were replayed or recorded, as they ended, if there is room for them."""
        self.notes: list[str] = []
        """What a report may say besides: programs that were started while nothing might go out."""

    @property
    def is_opaque(self) -> bool:
        """True in mode `off`: calls pass through, also past the cassettes around this one."""
        return self.mode is RecordMode.OFF

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self._recorder.sends

    @property
    def goes_out(self) -> bool:
        """True if calls of the program may reach a provider: credentials then have to be real ones."""
        return self.sends or self.is_opaque or self._verification is not None

    @property
    def tape(self) -> Tape:
        """Where this deck records, and what was there when it was opened."""
        return self._recorder.tape

    @property
    def cassette(self) -> Cassette | None:
        """What it plays from; None if there is nothing to play."""
        return self._playback.cassette

    @property
    def errors(self) -> tuple[TokentapeError, ...]:
        """What was latched, here and in forked children: misses, reads past a recorded end, ..."""
        self._kin.hear()
        return tuple(self._latch.errors)

    @property
    def unused(self) -> list[str]:
        """The ids of the recordings that were not played so far."""
        with self._lock:
            return self._playback.unused()

    @property
    def played(self) -> int:
        """How many recordings were played at least once, here and in other processes."""
        with self._lock:
            return len(self._playback) - len(self._playback.unplayed())

    def urls(self) -> list[str]:
        """The URL of each recording, to see which hosts and ports this cassette stands for."""
        with self._lock:
            return list(self._playback.urls())

    def trouble(self, trouble: RecordingError) -> None:
        """Note what could not be recorded: one more of `troubles`, once."""
        if str(trouble) not in map(str, self._recorder.troubles):
            self._recorder.add(trouble)

    def redacted(self, value: Mapping[str, Json]) -> dict[str, Json]:
        """A JSON object as it may be written down."""
        return self._recorder.redactor.json(value)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these values, too, in what is recorded from now on: keys that no call shows."""
        self._recorder.learn(secrets)

    def begin(self, request: Request, *, identity: str | None = None) -> Outcome | None:
        """What to do with `request`; None: it is not for this cassette.

        Raises `ReplayAbort` at a miss with `on_miss="abort"`, and nothing else.
        """
        if self.is_opaque or self.is_closed:
            return None
        try:
            return self._look_up(request, identity)
        except Exception as error:  # noqa: BLE001  a store, predicate or normaliser must not break the call
            return self._failed(request, error)

    def _look_up(self, request: Request, identity: str | None) -> Outcome | None:
        quick = identity is None and (self.predicates is None or self.wants(request))
        exact = self._recorder.exact(request) if quick else None
        known = self._playback.key_of(exact) if exact else None
        if known is not None and (hit := self._take(known, request)) is not None:
            return hit
        return self._decide(request, recognise(request), exact, identity)

    def _decide(
        self, request: Request, found: Recognised, exact: str | None, identity: str | None
    ) -> Outcome | None:
        if not self.wants(request):
            return self._pass(request, found)
        key = f"id:{identity}" if identity else self._recorder.key(request, found)
        hit = self._take(key, request) or self._take_as_stored(key, request, identity)
        if hit is None and self.options.synthesize and identity is None:
            hit = self._synthesize(request, found)
        if hit is not None:
            return hit
        if self.sends:
            return self._forward(request, key, exact, identity)
        return self._refuse_aside(request, found) or self._miss(request, found, key)

    def wants(self, request: Request) -> bool:
        """True if the predicates in force take this request."""
        predicates = self.predicates
        return predicates is None or predicates.is_llm_call(request) or predicates.is_tool_call(request)

    def _take_as_stored(self, key: str, request: Request, identity: str | None) -> Replay | Miss | None:
        if identity is not None or not len(self._playback):
            return None
        stored = self._recorder.key_as_stored(request)
        return self._take(stored, request) if stored != key else None

    def _synthesize(self, request: Request, found: Recognised) -> Replay | None:
        from tokentape.synthesis.making import is_made
        from tokentape.synthesis.search import OtherForm

        with self._lock:
            self._other_form = self._other_form or OtherForm(
                self._playback, self._recorder, self.options.repeat
            )
            made = self._other_form.take(request, found)
        if made is None:
            return None
        self.tally.replayed += 1
        self.tally.synthesized += is_made(made)
        return self._replay(made, request)

    def _pass(self, request: Request, found: Recognised) -> Miss | None:
        """Traffic that is not ours goes on; telemetry stays at home where nothing may be sent."""
        if not self.sends and (refused := self._refuse_aside(request, found)) is not None:
            return refused
        self.tally.passed += 1
        return None

    def _refuse_aside(self, request: Request, found: Recognised) -> Miss | None:
        """Telemetry and warm-up calls that are not on the tape get an error, and it is not the test's fault.

        They come from threads of their own, when their time has come: a miss that fails a test, or a text
        that says all is well, would both be wrong.
        """
        if found.operation.kind not in ASIDE:
            return None
        self.tally.refused += 1
        log.debug("%s: %s refused, not sent", self.path, found.operation.kind)
        text = (
            f"No recording in {self.path} fits this {found.operation.kind} call. It was not sent (mode "
            f"{self.mode}), and no test fails of it."
        )
        return Miss(None, request, error_reply(found.operation, text))

    def _take(self, key: str, request: Request) -> Replay | Miss | None:
        try:
            with self._lock:
                recorded = self._playback.take(key, request)
        except CassetteError as error:
            return self._unreadable(request, error)
        if recorded is None:
            return None
        self.tally.replayed += 1
        log.debug("%s: replayed %s for key %s", self.path, recorded.id, key)
        return self._replay(recorded, request)

    def _replay(self, recorded: Interaction, request: Request) -> Replay:
        self.calls.append(recorded)
        live = self._verification.ask(recorded, request) if self._verification is not None else None
        return Replay(recorded, pace=self._pace, report=self.latch, live=live)

    def _differs(self, text: str) -> None:
        """Mode `verify` found something; `on_drift` says whether that fails the block."""
        again = with_mode(self.options.command or COMMAND, RecordMode.ALL)
        text = f"{self.path}: {text}\n  to record it again: {again}"
        if self.options.on_drift == "fail":
            self.latch(LiveReplyDiffers(text))
        else:
            self._recorder.add(RecordingError(text))

    def _forward(self, request: Request, key: str, exact: str | None, identity: str | None) -> Forward:
        forward = Forward(request, self._now(), self._keep, self._leave)
        forward.key, forward.exact, forward.identity = key, exact, identity
        forward.metadata = self.options.metadata
        self._recorder.watch(forward)
        put_underway(forward)
        return forward

    def _now(self) -> float:
        """The time, in seconds, never twice the same: the order of start is the order on tape."""
        with self._lock:
            self._last_at = max(time.time(), self._last_at + 1e-6)
            return self._last_at

    def _keep(self, forward: Forward, interaction: Interaction) -> None:
        self.calls.append(interaction)
        if self._recorder.keep(forward, interaction):
            self.tally.recorded += 1

    def _leave(self, forward: Forward, why: str, warn: bool) -> None:
        self.tally.unrecorded += 1
        self._recorder.leave(forward, why, warn=warn)

    def _miss(self, request: Request, found: Recognised, key: str) -> Miss:
        """Answer with the explanation, and latch it; an identical request gets the same answer at once."""
        why_not = self._other_form.why_not if self._other_form is not None else None
        with self._misses.lock:
            self.tally.missed += 1
            miss, error = self._misses.of(request, found, key, self._lock, why_not)
            self._latch.add_same(error)
        if self.options.on_miss == "abort" and miss.explanation is not None:
            raise ReplayAbort(miss.explanation)
        return miss

    def _unreadable(self, request: Request, error: TokentapeError) -> Miss:
        """A recording that cannot be read is an error, and never a reason to go live."""
        self.latch(error)
        return self.refuse(request, error)

    def _failed(self, request: Request, error: Exception) -> Miss | None:
        """Something failed that is not the call's fault: where nothing may be sent it is an error, and never
        a reason to go live; where calls are sent it costs the recording, not the call.
        """
        if self.sends:
            self._recorder.failed(error)
            return None
        if isinstance(error, TokentapeError):
            return self._unreadable(request, error)
        problem = ReplayError(f"{self.path}: a {request.method} call could not be looked up: {said(error)}")
        problem.__cause__ = error
        return self._unreadable(request, problem)

    def refuse(self, request: Request, error: TokentapeError) -> Miss:
        """A native error reply that says `error`."""
        return refusal(request, error)

    def latch(self, error: TokentapeError) -> None:
        """Raise `error` at the end of the block, even if the program swallows what it sees of it."""
        self._latch.add(error)

    def settle(self) -> None:
        """In mode `verify`, wait for the live replies that are still out, and latch what differs."""
        if self._verification is not None:
            self._verification.settle()

    def clear_errors(self) -> None:
        """Forget what was latched: somebody reported it."""
        self._latch.clear()

    def close(self, error: BaseException | None = None) -> None:
        """End the block: save what was recorded, then raise what was latched.

        `error` is the exception the block ended with, if any: the cassette is then not finished.
        Raises `ReplayMiss`, another latched error, or `RecordingRefused`, from `error`. A store that
        fails at this point is not an exception but one of `troubles`.
        """
        if self.is_closed:
            return
        if error is None or isinstance(error, Exception):
            self.settle()
        self.is_closed = True
        self._playback.close()
        with self._kin.ending():
            unused = self._playback.unplayed()
            succeeded = error is None and not self._latch.errors
            self.tally.recorded += self._recorder.close(succeeded=succeeded, unused=unused)
        latched = [*self._latch.errors, *(t for t in self.troubles if isinstance(t, RecordingRefused))]
        if latched and (error is None or isinstance(error, Exception)):
            raised = combine(latched)
            if type(raised) is type(error) and error is not None and raised.args == error.args:
                return  # it is in flight already
            raise raised from error or raised.__cause__

    def share(self, shared: Shared) -> None:
        """Other processes take part from here on; this one opened the cassette, and saves it."""
        self._kin.open_to(shared)

    def join(self, shared: Shared) -> None:
        """Another process opened the cassette, and saves it."""
        self._kin.join(shared)

    def hear(self) -> list[Told]:
        """What other processes told since this was last asked: misses, troubles, tallies, who joined."""
        return self._kin.hear()

    @property
    def untold(self) -> tuple[TokentapeError, ...]:
        """What the process that opened the cassette could not be told, since it has ended."""
        return tuple(self._kin.untold)

    def before_fork(self) -> None:
        """The child will take part."""
        if not (self.is_closed or self.is_opaque):
            self._kin.before_fork()

    def after_fork(self) -> None:
        """In the child: nothing that the parent counted or latched is the child's."""
        self.tally = Tally()
        if self._verification is not None:
            self._verification.after_fork(self.tally)
        self._latch.clear()
        self._recorder.after_fork()
        self._kin.after_fork()

    def child_ends(self) -> None:
        """The child leaves the block without a word, as workers of multiprocessing do."""
        if not self.is_closed:
            with suppress(TokentapeError):  # the parent was told, or else `untold` says it
                self.close()
            for error in self.untold:
                warnings.warn(str(error), TokentapeWarning, stacklevel=1)

    @property
    def troubles(self) -> tuple[RecordingError, ...]:
        """What could not be recorded as asked: for a warning, or a report, after the block."""
        return tuple(self._recorder.troubles)
