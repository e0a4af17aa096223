"""Saving what a deck recorded: when the block ends, and for calls that end after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.memory import MemoryJournal
from tokentape.errors import RecordingError, RecordingFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.cassettes.stores.base import Journal
    from tokentape.tape import Tape
    from tokentape.troubles import Troubles
    from tokentape.wire.interaction import Interaction

_NOT_REPLACED = "calls of another process were not recorded: in mode all, this store cannot take them in"
_NOT_IN_MEMORY = "calls of another process were not recorded: a memory store cannot take them in; use a file"


class Saver:
    """Saves the journal of one recorder; where another process opened the cassette, leaves it to that.

    Raises what the store raises. `rules` are those that the keys were computed under.
    """

    def __init__(self, tape: Tape, rules: str, troubles: Troubles) -> None:
        self._tape, self._rules, self._troubles = tape, rules, troubles

    def save(self, journal: Journal, unused: Sequence[str], *, succeeded: bool) -> None:
        """The block has ended."""
        tape = self._tape
        if self._troubles.shared is not None:
            self.save_late(journal, succeeded=succeeded)
            return
        if tape.keeps_old(succeeded=succeeded):
            text = f"{tape.where}: the block did not succeed, so the old cassette stays as it was"
            self._troubles.note(RecordingError(text))
            journal.discard()
            return
        tape.store.commit(
            tape.name,
            journal,
            finished=tape.is_finished(succeeded=succeeded),
            rules=self._rules,
            drop=tape.dropped(unused, succeeded=succeeded),
            replace=tape.mode is RecordMode.ALL,
        )

    def save_late(self, journal: Journal, *, succeeded: bool, instead_of: Interaction | None = None) -> None:
        """A call that ended after the block joins what was saved, or takes the place of its beginning."""
        tape = self._tape
        if self._handed_over(journal):
            return
        if tape.keeps_old(succeeded=succeeded):
            journal.discard()
        elif journal.count:
            tape.store.commit(
                tape.name,
                journal,
                finished=tape.is_finished(succeeded=succeeded),
                rules=self._rules,
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
        shared = self._troubles.shared
        if shared is None:
            return False
        if isinstance(journal, MemoryJournal):
            if journal.count:
                self._fail(_NOT_IN_MEMORY)
            return True
        release = getattr(journal, "release", None)
        with shared.held() as is_open:
            if is_open and release is not None:
                release()
            elif is_open and journal.count and self._tape.mode is RecordMode.ALL:
                self._fail(_NOT_REPLACED)
            return is_open and release is not None

    def _fail(self, problem: str) -> None:
        self._troubles.note(RecordingFailed(f"{self._tape.where}: {problem}"))
