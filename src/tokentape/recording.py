"""From a call that ended to an interaction that is kept: completeness, redaction, hooks, policy, journal.

A failing store or hook never breaks or delays the program that is being recorded: `Recorder` is the one
boundary that catches every exception, turns it into a trouble and goes on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.errors import RecordingError, RecordingFailed, RecordingRefused, TokentapeError
from tokentape.log import log
from tokentape.protocols.registry import is_complete, recognise, summary
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tokentape.cassettes.stores.base import Journal, Store
    from tokentape.matching.key import Matcher
    from tokentape.options import Options
    from tokentape.outcomes import Forward
    from tokentape.protocols.registry import Recognised
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
        self._taught: set[Headers] = set()
        self._saving = threading.Lock()
        self._succeeded: bool | None = None  # None until it is closed

    def _open_journal(self) -> Journal:
        tape = self._tape
        return tape.store.journal(
            tape.name, rules=self.matcher.rules, replaces=tape.mode is RecordMode.ALL and tape.existed
        )

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self._tape.sends

    def exact(self, request: Request) -> str:
        """The fast path's digest: equal for requests equal byte for byte, credentials aside.

        Its credentials are learnt all the same: a later request may mention them.
        """
        if request.headers not in self._taught:
            if len(self._taught) > _HEADERS_KEPT:
                self._taught.clear()
            self._taught.add(request.headers)
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
        return self.matcher.key(self._hooked_request(self._redactor.request_as_stored(request)))

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

    def keep(self, forward: Forward, interaction: Interaction) -> bool:
        """Store one ended call; True if it was stored. Never raises."""
        try:
            return self._keep(forward, interaction)
        except Exception as error:  # noqa: BLE001  the boundary: recording must not break the program
            self.failed(error)
            return False

    def failed(self, error: Exception) -> None:
        """A call went through and was not recorded."""
        self._trouble(RecordingFailed(f"{self._where}: a call was not recorded: {said(error)}"))

    def _keep(self, forward: Forward, interaction: Interaction) -> bool:
        found = recognise(interaction.request)
        terminal = is_complete(found.operation, interaction.response) if interaction.response else None
        interaction = replace(interaction, ended=replace(interaction.ended, terminal=terminal))
        self._redactor.learn(interaction.request, interaction.response)
        clean = self._hooked(self._redactor.interaction(interaction))
        if clean is None or not self._allowed(clean, forward.key) or self._leaks(clean):
            return False
        asks, reads_as = summary(clean.request, clean.response)
        kept = replace(
            clean,
            key=forward.key if forward.identity else self.matcher.key(clean.request),
            exact=forward.exact if self._is_as_sent(clean.request, forward.request) else None,
            protocol=found.operation.dialect,
            asks=asks,
            reads_as=reads_as,
        )
        if self._journal is not None:
            self._journal.append(kept)
            self._save_late(self._journal)
        return True

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
        if interaction.response is None:
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

    def close(self, *, succeeded: bool, unused: Sequence[str]) -> None:
        """Save what was recorded. A store that fails becomes a trouble; the journal then stays."""
        self.troubles.extend(self._failing.values())
        if self._journal is None:
            return
        with self._saving:
            self._succeeded = succeeded
            try:
                self._commit(self._journal, succeeded, unused)
            except Exception as error:  # noqa: BLE001  the same boundary: the program did nothing wrong
                problem = f"{self._where}: the recording could not be saved: {said(error)}"
                self._trouble(RecordingFailed(problem))

    def _save_late(self, journal: Journal) -> None:
        """A call that ended after the block, whose reply was read on, joins what was saved."""
        if self._succeeded is None:
            return
        with self._saving:
            if self._keeps_old(self._succeeded):
                journal.discard()
            elif journal.count:
                finished = self._is_finished(self._succeeded)
                self._tape.store.commit(self._tape.name, journal, finished=finished, rules=self.matcher.rules)

    def _commit(self, journal: Journal, succeeded: bool, unused: Sequence[str]) -> None:
        tape = self._tape
        if self._keeps_old(succeeded):
            self._trouble(
                RecordingError(f"{self._where}: the block failed, so the old cassette stays as it was")
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
        self.troubles.append(trouble)

    @property
    def _where(self) -> str:
        return self._tape.store.describe(self._tape.name)


def said(error: Exception) -> str:
    """The error in one line; ours without the class, since they name what and where themselves."""
    text = " ".join(str(error).split())
    return text if isinstance(error, TokentapeError) else f"{type(error).__name__}: {text}"
