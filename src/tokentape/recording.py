"""From a call that ended to an interaction that is kept: completeness, redaction, hooks, policy, journal.

A failing store or hook never breaks or delays the program that is being recorded: `Recorder` is the one
boundary that catches every exception, turns it into a trouble and goes on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakSet

from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.memory import MemoryJournal
from tokentape.errors import RecordingError, RecordingFailed, RecordingRefused, TokentapeError
from tokentape.keeping import as_stored
from tokentape.log import log
from tokentape.predicates import is_aside
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.url import host_of, split_query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tokentape.cassettes.stores.base import Journal, Store
    from tokentape.matching.key import Matcher
    from tokentape.options import Options
    from tokentape.outcomes import Forward
    from tokentape.protocols.registry import Recognised
    from tokentape.sharing import Shared
    from tokentape.wire.message import Headers, Request
    from tokentape.wire.redact.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Tape:
    """Where a deck records: a store, a name in it, and what the cassette there was at entry.

    `drop` are ids that go when the recording is saved.
    """

    store: Store
    name: str
    mode: RecordMode
    existed: bool
    finished: bool
    drop: frozenset[str] = frozenset()

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self.mode in _SENDING or (self.mode is RecordMode.ONCE and not self.finished)


_HEADERS_KEPT = 4096
_NOT_REPLACED = "calls of another process were not recorded: in mode all, this store cannot take them in"
_NOT_IN_MEMORY = "calls of another process were not recorded: a memory store cannot take them in; use a file"
_SENDING = frozenset({RecordMode.ALL, RecordMode.NEW_EPISODES, RecordMode.REFRESH})


class Recorder:
    """Keeps the calls of one deck.

    `troubles` collects what could not be recorded as asked: `RecordingFailed`, `RecordingRefused`, and
    plain `RecordingError` for replies that need a look (an error reply, a quarantined secret).
    """

    def __init__(self, tape: Tape, options: Options, matcher: Matcher, redactor: Redactor) -> None:
        self.matcher = matcher
        self.troubles: list[RecordingError] = []
        self._tape = tape
        self._options = options
        self._redactor = redactor
        self._journal: Journal | None = self._open_journal() if tape.sends else None
        self._failing: dict[str, RecordingError] = {}
        self._taught: set[tuple[Headers, str]] = set()
        self._open: WeakSet[Forward] = WeakSet()
        self._cut: WeakSet[Forward] = WeakSet()  # kept when the block ended, though somebody may read on
        self._marking = threading.Lock()
        self._saving = threading.Lock()
        self._succeeded: bool | None = None  # None until it is closed
        self._shared: Shared | None = None  # where this is not the process that opened the cassette

    def join(self, shared: Shared) -> None:
        """Another process opened the cassette, and saves it: what is recorded here joins that."""
        self._shared = shared

    def after_fork(self) -> None:
        """Calls on their way are the parent's, and so is what it recorded."""
        self._marking, self._saving = threading.Lock(), threading.Lock()
        for forward in list(self._open):
            forward.drop()
        self._open, self._cut = WeakSet(), WeakSet()
        self.troubles, self._failing = [], {}
        if isinstance(self._journal, MemoryJournal):
            self._journal.discard()

    def _open_journal(self) -> Journal:
        tape = self._tape
        return tape.store.journal(
            tape.name, rules=self.matcher.rules, replaces=tape.mode is RecordMode.ALL and tape.existed
        )

    @property
    def tape(self) -> Tape:
        """Where it records."""
        return self._tape

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self._tape.sends

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
            self._redactor.learn(request, None)
        if "?" in request.url:
            bare = self._redactor.request(replace(request, headers=(), body=None))[0]
            request = replace(request, url=bare.url)
        return self.matcher.exact(request)

    def key(self, request: Request, found: Recognised) -> str:
        """The match key: the same function while recording and on replay, over the redacted request."""
        self._redactor.learn(request, None)
        redacted = self.redacted(request)
        return self.matcher.key(redacted, found if redacted.body is request.body else None)

    def key_as_stored(self, request: Request) -> str:
        """The key of a request that mentions a credential which another call taught: it is stored without."""
        return self.matcher.key(self.request_as_stored(request))

    def request_as_stored(self, request: Request) -> Request:
        """The request as it would be stored if it mentions a credential which another call taught."""
        return self._hooked_request(self._redactor.request_as_stored(request))

    def redacted(self, request: Request) -> Request:
        """The request as it would be stored, hooks included."""
        return self._hooked_request(self._redactor.request(request)[0])

    def _hooked_request(self, clean: Request) -> Request:
        if not self._options.before_record:
            return clean
        probe = Interaction("", clean, None, Ended(How.UNKNOWN), Timing(""), metadata=self._options.metadata)
        try:
            hooked = self._hooked(probe)
        except Exception as error:  # noqa: BLE001  the same boundary: a broken hook must not break the call
            self._trouble(RecordingFailed(f"{self._where}: before_record failed: {said(error)}"))
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
        """A call ended in a way that is no recording."""
        with self._marking:
            self._open.discard(forward)
        text = f"not recorded: {forward.request.method} to {host_of(forward.request.url)} {why}"
        log.info("%s: %s", self._where, text)
        if warn:
            self._trouble(RecordingError(f"{self._where}: {text}"))

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
        self._trouble(RecordingFailed(f"{self._where}: a call was not recorded: {said(error)}"))

    def _kept(self, forward: Forward, interaction: Interaction) -> Interaction | None:
        """The form to be stored; None for what a hook, the policy or the scan for secrets keeps out."""
        fixed = forward.key if forward.identity else None
        clean = as_stored(interaction, self.matcher, self._redactor, hooked=self._hooked, key=fixed)
        if clean is None or not self._allowed(clean, forward.key) or self._leaks(clean):
            return None
        return replace(
            clean, exact=forward.exact if self._is_as_sent(clean.request, forward.request) else None
        )

    def _append(self, journal: Journal, kept: Interaction) -> bool:
        journal.append(kept)
        if self._succeeded is not None:
            with self._saving:
                self._save_late(journal)
        return True

    def _append_fuller(self, journal: Journal, kept: Interaction) -> bool:
        """A reply that was cut at the end of the block was read on: this takes the place of its beginning."""
        with self._saving:
            journal.append(kept)
            self._save_late(journal, instead_of=kept)
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
        found = self._redactor.leaks(interaction)
        if not found:
            return False
        where = ", ".join(f"{finding.where} ({finding.kind})" for finding in found)
        self._trouble(
            RecordingFailed(f"{self._where}: a call was not recorded, a secret would be left in {where}")
        )
        return True

    def _allowed(self, interaction: Interaction, key: str) -> bool:
        """The policy for error replies; a later success of the same call (a retry) settles a warning."""
        if interaction.response is None or is_aside(interaction.request):
            return True
        status = interaction.response.status
        if status < 400:
            self._failing.pop(key, None)
            return True
        call = f"{interaction.request.method} {split_query(interaction.request.url)[0]}"
        if self._options.errors == "refuse":
            self._trouble(
                RecordingRefused(f"{self._where}: reply {status} to {call} was refused, not recorded")
            )
            return False
        if self._options.errors == "warn":
            self._failing[key] = RecordingError(
                f"{self._where}: recorded an error reply, {status} to {call}; if that was not meant, record "
                "again with mode 'all' (errors='record' says it was)"
            )
        return True

    def close(self, *, succeeded: bool, unused: Sequence[str]) -> int:
        """Save what was recorded. A store that fails becomes a trouble; the journal then stays.

        Calls whose reply is still being read are kept as far as they came; the result is how many.
        """
        with self._saving:
            kept = sum(self._stored(*call, self._append) for call in self._cut_open_calls())
            for trouble in self._failing.values():
                self.add(trouble)
            self._succeeded = succeeded
            if self._journal is None:
                return kept
            try:
                self._commit(self._journal, succeeded, unused)
            except Exception as error:  # noqa: BLE001  the same boundary: the program did nothing wrong
                problem = f"{self._where}: the recording could not be saved: {said(error)}"
                self._trouble(RecordingFailed(problem))
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

    def _save_late(self, journal: Journal, instead_of: Interaction | None = None) -> None:
        """A call that ended after the block joins what was saved, or takes the place of its beginning."""
        tape, succeeded = self._tape, self._succeeded or False
        if self._handed_over(journal):
            return
        if self._keeps_old(succeeded):
            journal.discard()
        elif journal.count:
            tape.store.commit(
                tape.name,
                journal,
                finished=self._is_finished(succeeded),
                rules=self.matcher.rules,
                drop=self._ids_of(instead_of) if instead_of else (),
            )

    def _ids_of(self, call: Interaction) -> list[str]:
        """Under which id the store has this call: one opening never gives two calls the same start."""
        cassette = self._tape.store.load(self._tape.name)
        wanted = call.timing.at, call.key, call.exact
        entries = cassette.entries if cassette else ()
        return [entry.id for entry in entries if (entry.at, entry.key, entry.exact) == wanted]

    def _handed_over(self, journal: Journal) -> bool:
        """True if another process opened the cassette and has not saved it yet: it takes this in then.

        A journal that can be released is left to it, as one of a process that died.
        """
        if self._shared is None:
            return False
        if isinstance(journal, MemoryJournal):
            if journal.count:
                self._trouble(RecordingFailed(f"{self._where}: {_NOT_IN_MEMORY}"))
            return True
        release = getattr(journal, "release", None)
        with self._shared.held() as is_open:
            if is_open and release is not None:
                release()
            elif is_open and journal.count and self._tape.mode is RecordMode.ALL:
                self._trouble(RecordingFailed(f"{self._where}: {_NOT_REPLACED}"))
            return is_open and release is not None

    def _commit(self, journal: Journal, succeeded: bool, unused: Sequence[str]) -> None:
        tape = self._tape
        if self._shared is not None:
            self._save_late(journal)
            return
        if self._keeps_old(succeeded):
            self._trouble(
                RecordingError(
                    f"{self._where}: the block did not succeed, so the old cassette stays as it was"
                )
            )
            journal.discard()
            return
        tape.store.commit(
            tape.name,
            journal,
            finished=self._is_finished(succeeded),
            rules=self.matcher.rules,
            drop=self._dropped(succeeded, unused),
            replace=tape.mode is RecordMode.ALL,
        )

    def _keeps_old(self, succeeded: bool) -> bool:
        return self._tape.mode is RecordMode.ALL and self._tape.existed and not succeeded

    def _is_finished(self, succeeded: bool) -> bool:
        return succeeded or (self._tape.existed and self._tape.finished)

    def _dropped(self, succeeded: bool, unused: Sequence[str]) -> Collection[str]:
        if self._tape.mode is RecordMode.REFRESH and succeeded:
            return self._tape.drop | set(unused)
        return self._tape.drop

    def _trouble(self, trouble: RecordingError) -> None:
        # The text may quote an exception of foreign code, which may quote the call: it is not for a log.
        log.warning(
            "%s: %s, the warning at the end of the block says more", self._where, type(trouble).__name__
        )
        self.add(trouble)

    def add(self, trouble: RecordingError) -> None:
        """Note a trouble, and tell the process that saves."""
        self.troubles.append(trouble)
        if self._shared is not None:
            self._shared.tell(trouble)

    @property
    def _where(self) -> str:
        return self._tape.store.describe(self._tape.name)


def said(error: Exception) -> str:
    """The error in one line; ours without the class, since they name what and where themselves."""
    text = " ".join(str(error).split())
    return text if isinstance(error, TokentapeError) else f"{type(error).__name__}: {text}"
