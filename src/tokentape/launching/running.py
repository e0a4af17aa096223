"""A run: one cassette, one program, all of its Python processes."""

from __future__ import annotations

import os
import shlex
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

from tokentape import settings
from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import (
    RecordingFailed,
    RecordingRefused,
    ReplayError,
    TokentapeError,
    TokentapeWarning,
    UsageError,
)
from tokentape.launching.plan import Plan, written_down
from tokentape.launching.program import CannotStart, Program
from tokentape.opening import open_with
from tokentape.options import OptionArgs, Options
from tokentape.sharing import Shared
from tokentape.tally import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tokentape.deck import Deck
    from tokentape.sharing import Told

SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site")
FAILED = 1
NO_PYTHON = 2


class ProgramFailed(Exception):
    """The program did not exit with 0, or no Python took part: what was recorded is not finished."""


class Run:
    """One run. `say` prints a line at once.

    `joined` is how many processes took part, `recorded` how many calls are new on the tape at the end.
    """

    def __init__(self, target: str, args: OptionArgs, say: Callable[[str], None]) -> None:
        self.deck: Deck | None = None
        self.joined = 0
        self.recorded = 0
        self._target, self._args, self._say = target, args, say
        self._said: set[str] = set()

    def __call__(self, command: Sequence[str]) -> int:
        """Run the program; the exit code for the shell.

        Raises `UsageError` and what opening a cassette raises, before anything starts, and `CannotStart`.
        """
        choice = settings.resolve_mode()
        if choice.mode is RecordMode.OFF:
            return Program(command, settings.environment_of_run()).wait(lambda: None)
        args = _complete(self._args, self._target, command)
        with self._speaking():
            deck = self.deck = open_with(self._target, Options.of(args), choice)
        shared = Shared.made()
        try:
            _plan(self._target, deck, args).write(shared, deck.cassette)
            deck.share(shared)
            return self._run(
                deck, command, settings.environment_of_run(shared.folder, SITE, sends=deck.sends)
            )
        finally:
            shared.remove()

    def _run(self, deck: Deck, command: Sequence[str], environment: Mapping[str, str]) -> int:
        try:
            code = Program(command, environment).wait(lambda: self._hear(deck.hear()))
        except CannotStart:
            self._close(deck, ProgramFailed())
            raise
        self._hear(deck.hear())
        if not self.joined:
            self._tell(_NO_PYTHON.format(program=command[0]))
        self._close(deck, None if code == 0 and self.joined else ProgramFailed())
        if deck.mode is RecordMode.VERIFY:
            self._tell(in_words(deck.tally.verified, deck.tally.differed, deck.tally.unverified))
        failed = [
            trouble for trouble in deck.troubles if isinstance(trouble, RecordingFailed | RecordingRefused)
        ]
        if code == 0 and not self.joined:
            return NO_PYTHON
        return code or (FAILED if deck.errors or failed else 0)

    def _hear(self, news: Sequence[Told]) -> None:
        for told in news:
            self.joined += bool(told.joined)
            if told.error is not None:
                self._tell(_as_line(told.error))

    def _close(self, deck: Deck, error: ProgramFailed | None) -> None:
        """Save what was recorded. Misses were told when they happened."""
        with self._speaking():
            with suppress(TokentapeError):
                deck.close(error)
            if error is not None and deck.mode is RecordMode.ALL:
                # Of a re-recording that failed nothing stays: loading drops it, and says so.
                with suppress(TokentapeError):
                    deck.tape.store.load(deck.tape.name)
            kept_old = deck.tape.keeps_old(succeeded=error is None and not deck.errors)
            self.recorded = 0 if kept_old else _added(deck)
        for problem in (*deck.errors, *deck.troubles):
            self._tell(_as_line(problem))

    def _tell(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Warnings of the block as lines of their own."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", TokentapeWarning)
            yield
        for warning in caught:
            self._tell(str(warning.message))


def _as_line(error: TokentapeError) -> str:
    """With the class where there is an explanation of several lines."""
    return f"{type(error).__name__}: {error}" if isinstance(error, ReplayError) else str(error)


_NO_PYTHON = (
    "nothing was recorded or replayed: no Python in which tokentape is installed took part in {program!r} "
    "(-I, -E and -S keep it out, too)"
)


def _added(deck: Deck) -> int:
    """How many recordings were added, also by processes that were killed: those can tell no tally."""
    try:
        cassette = deck.tape.store.load(deck.tape.name) if deck.sends else None
    except TokentapeError:
        return deck.tally.recorded
    before = {(e.at, e.key, e.exact) for e in deck.cassette.entries} if deck.cassette is not None else set()
    now = cassette.entries if cassette is not None else ()
    return sum((entry.at, entry.key, entry.exact) not in before for entry in now)


def _complete(args: OptionArgs, target: str, command: Sequence[str]) -> OptionArgs:
    """The options given, over the project's, over those of a run: it captures calls of models only."""
    project = {name: value for name, value in settings.project().options.items() if name in _OPTIONS}
    again = f"tokentape run --cassette {shlex.quote(target)} --mode {{mode}} -- {shlex.join(command)}"
    return cast("OptionArgs", {"record": "llm", **project, "command": again, **args})


_OPTIONS = frozenset(OptionArgs.__annotations__) - {"mode"}


def _plan(target: str, deck: Deck, args: OptionArgs) -> Plan:
    tape = deck.tape
    return Plan(
        address=_absolute(target, deck),
        name=tape.name,
        shown=deck.path,
        mode=deck.mode.value,
        source=deck.source,
        existed=tape.existed,
        finished=tape.finished,
        drop=sorted(tape.drop),
        options=written_down(args),
    )


def _absolute(target: str, deck: Deck) -> str:
    """The store's address for processes that may have another working directory."""
    store = deck.tape.store
    if isinstance(store, MemoryStore):
        raise UsageError("a run needs a cassette that other processes can reach: a file, or sqlite:FILE#NAME")
    if isinstance(store, DirectoryStore):
        return os.path.abspath(store.root)
    scheme, _, place = target.partition("#")[0].partition(":")
    return f"sqlite:{os.path.abspath(place)}" if scheme == "sqlite" else f"{scheme}:{place}"
