"""From a call that ended to an interaction that is kept: completeness, redaction, hooks, policy, journal.

A failing store or hook never breaks or delays the program that is being recorded: `Recorder` is the one
boundary that catches every exception, turns it into a trouble and goes on.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakSet

from tokentape.cassettes.stores.memory import MemoryJournal
from tokentape.errorpolicy import ErrorPolicy
from tokentape.errors import RecordingError, RecordingFailed
from tokentape.keeping import as_stored
from tokentape.log import log
from tokentape.saving import Saver
from tokentape.troubles import Troubles, said
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tokentape.cassettes.stores.base import Journal
    from tokentape.matching.key import Matcher
    from tokentape.options import Options
    from tokentape.outcomes import Forward
    from tokentape.protocols.registry import Recognised
    from tokentape.sharing import Shared
    from tokentape.tape import Tape
    from tokentape.wire.message import Headers, Request
    from tokentape.wire.redact.redactor import Redactor


_HEADERS_KEPT = 4096


class Recorder:
    """Keeps the calls of one deck.

    `troubles` collects what could not be recorded as asked: `RecordingFailed`, `RecordingRefused`, and
    plain `RecordingError` for replies that need a look (an error reply, a quarantined secret).
    """

    def __init__(self, tape: Tape, options: Options, matcher: Matcher, redactor: Redactor) -> None:
        self.matcher = matcher
        self._tape = tape
        self._where = tape.where
        self._troubles = Troubles(self._where)
        self._errors = ErrorPolicy(options.errors, self._where, self._troubles)
        self._saver = Saver(tape, matcher.rules, self._troubles)
        self._options = options
        self.redactor = redactor
        self._journal: Journal | None = self._open_journal() if tape.sends else None
        self._taught: set[tuple[Headers, str]] = set()
        self._open: WeakSet[Forward] = WeakSet()
        self._cut: WeakSet[Forward] = WeakSet()  # kept when the block ended, though somebody may read on
        self._marking = threading.Lock()
        self._saving = threading.Lock()
        self._succeeded: bool | None = None  # None until it is closed

    def join(self, shared: Shared) -> None:
        """Another process opened the cassette, and saves it: what is recorded here joins that."""
        self._troubles.shared = shared

    def after_fork(self) -> None:
        """Calls on their way are the parent's, and so is what it recorded."""
        self._marking, self._saving = threading.Lock(), threading.Lock()
        for forward in list(self._open):
            forward.drop()
        self._open, self._cut = WeakSet(), WeakSet()
        self._troubles.all = []
        self._errors.clear()
        if isinstance(self._journal, MemoryJournal):
            self._journal.discard()

    @property
    def troubles(self) -> Sequence[RecordingError]:
        """What could not be recorded as asked, so far."""
        return self._troubles.all

    def add(self, trouble: RecordingError) -> None:
        """Note a trouble, and tell the process that saves."""
        self._troubles.add(trouble)

    def _open_journal(self) -> Journal:
        tape = self._tape
        return tape.store.journal(tape.name, rules=self.matcher.rules, replaces=tape.replaces)

    @property
    def tape(self) -> Tape:
        """Where it records."""
        return self._tape

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self._tape.sends

    def learn(self, secrets: Iterable[str]) -> None:
        """Values to hide wherever they turn up, though no call shows them."""
        self.redactor.know(secrets)

    def exact(self, request: Request) -> str:
        """The fast path's digest: equal for requests equal byte for byte, credentials aside.

        Its credentials are learnt all the same: a later request may mention them.
        """
        url = request.url
        seen = request.headers, url if "?" in url or "@" in url else ""
        if seen not in self._taught:
            if len(self._taught) > _HEADERS_KEPT:
                self._taught.clear()
            self._taught.add(seen)
            self.redactor.learn(request, None)
        if "?" in request.url:
            bare = self.redactor.request(replace(request, headers=(), body=None))[0]
            request = replace(request, url=bare.url)
        return self.matcher.exact(request)

    def key(self, request: Request, found: Recognised) -> str:
        """The match key: the same function while recording and on replay, over the redacted request."""
        self.redactor.learn(request, None)
        redacted = self.redacted(request)
        return self.matcher.key(redacted, found if redacted.body is request.body else None)

    def key_as_stored(self, request: Request) -> str:
        """The key of a request that mentions a credential which another call taught: it is stored without."""
        return self.matcher.key(self.request_as_stored(request))

    def request_as_stored(self, request: Request) -> Request:
        """The request as it would be stored if it mentions a credential which another call taught."""
        return self._hooked_request(self.redactor.request_as_stored(request))

    def redacted(self, request: Request) -> Request:
        """The request as it would be stored, hooks included."""
        return self._hooked_request(self.redactor.request(request)[0])

    def _hooked_request(self, clean: Request) -> Request:
        if not self._options.before_record:
            return clean
        probe = Interaction("", clean, None, Ended(How.UNKNOWN), Timing(""), metadata=self._options.metadata)
        try:
            hooked = self._hooked(probe)
        except Exception as error:  # noqa: BLE001  the same boundary: a broken hook must not break the call
            self._troubles.note(RecordingFailed(f"{self._where}: before_record failed: {said(error)}"))
            return clean
        return clean if hooked is None else hooked.request

    def watch(self, forward: Forward) -> None:
        """A call is on its way: if the block ends first, what came of it until then is kept."""
        with self._marking:
            self._open.add(forward)

    def keep(self, forward: Forward, interaction: Interaction) -> bool:
        """Store one ended call; True if that is one more. Never raises."""
        with self._marking:
            self._open.discard(forward)
            was_cut = forward in self._cut
        return self._stored(forward, interaction, self._append_fuller if was_cut else self._append)

    def leave(self, forward: Forward, why: str, *, warn: bool) -> None:
        """A call ended in a way that is no recording; `why` empty: others say so."""
        with self._marking:
            self._open.discard(forward)
        text = f"not recorded: {forward.request.method} to {host_of(forward.request.url)} {why}"
        if why:
            log.info("%s: %s", self._where, text)
        if warn:
            self._troubles.note(RecordingError(f"{self._where}: {text}"))

    def _stored(
        self, forward: Forward, interaction: Interaction, append: Callable[[Journal, Interaction], bool]
    ) -> bool:
        try:
            kept = self._kept(forward, interaction)
            return kept is not None and (self._journal is None or append(self._journal, kept))
        except Exception as error:  # noqa: BLE001  the boundary: recording must not break the program
            self.failed(error)
            return False

    def failed(self, error: Exception) -> None:
        """A call went through and was not recorded."""
        self._troubles.note(RecordingFailed(f"{self._where}: a call was not recorded: {said(error)}"))

    def _kept(self, forward: Forward, interaction: Interaction) -> Interaction | None:
        """The form to be stored; None for what a hook, the policy or the scan for secrets keeps out."""
        clean = self.as_stored(interaction, forward.key if forward.identity else None)
        if clean is None or not self._errors.allows(clean, forward.key) or self._leaks(clean):
            return None
        return replace(
            clean, exact=forward.exact if self._is_as_sent(clean.request, forward.request) else None
        )

    def as_stored(self, interaction: Interaction, key: str | None = None) -> Interaction | None:
        """The interaction as it would be stored, hooks included; None where one of them keeps it out."""
        return as_stored(interaction, self.matcher, self.redactor, hooked=self._hooked, key=key)

    def _append(self, journal: Journal, kept: Interaction) -> bool:
        journal.append(kept)
        if self._succeeded is not None:
            with self._saving:
                self._saver.save_late(journal, succeeded=self._succeeded)
        return True

    def _append_fuller(self, journal: Journal, kept: Interaction) -> bool:
        """A reply that was cut at the end of the block was read on: this takes the place of its beginning."""
        with self._saving:
            journal.append(kept)
            self._saver.save_late(journal, succeeded=self._succeeded or False, instead_of=kept)
        return False

    def _is_as_sent(self, stored: Request, sent: Request) -> bool:
        """True if nothing that the fast path's digest covers was redacted or changed by a hook."""
        if stored.body != sent.body:
            return False
        return self.exact(replace(stored, body=None)) == self.exact(replace(sent, body=None))

    def _hooked(self, interaction: Interaction) -> Interaction | None:
        result: Interaction | None = interaction
        for hook in self._options.before_record:
            if result is None:
                return None
            result = hook(result)
        return result

    def _leaks(self, interaction: Interaction) -> bool:
        """A secret that is still there keeps the interaction out: quarantine rather than leak."""
        found = self.redactor.leaks(interaction)
        if not found:
            return False
        where = ", ".join(f"{finding.where} ({finding.kind})" for finding in found)
        self._troubles.note(
            RecordingFailed(f"{self._where}: a call was not recorded, a secret would be left in {where}")
        )
        return True

    def close(self, *, succeeded: bool, unused: Sequence[str]) -> int:
        """Save what was recorded. A store that fails becomes a trouble; the journal then stays.

        Calls whose reply is still being read are kept as far as they came; the result is how many.
        """
        with self._saving:
            kept = sum(self._stored(*call, self._append) for call in self._cut_open_calls())
            self._errors.end()
            self._succeeded = succeeded
            if self._journal is None:
                return kept
            try:
                self._saver.save(self._journal, unused, succeeded=succeeded)
            except Exception as error:  # noqa: BLE001  the same boundary: the program did nothing wrong
                problem = f"{self._where}: the recording could not be saved: {said(error)}"
                self._troubles.note(RecordingFailed(problem))
            return kept

    def _cut_open_calls(self) -> list[tuple[Forward, Interaction]]:
        """The calls that got a head and no end; from now on their end takes the place of what is kept here.

        Nobody may ever close such a stream: an SDK that found an error event in it does not.
        """
        with self._marking:
            came = [(forward, forward.so_far()) for forward in self._open]
            cut = [(forward, interaction) for forward, interaction in came if interaction is not None]
            self._cut.update(forward for forward, _ in cut)
        return sorted(cut, key=lambda call: call[0].at)
