"""`use_cassette`: one block, or one function, with a cassette in force."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from tokentape import active, guard, watching
from tokentape.errors import RecordingRefused, TokentapeWarning, UsageError
from tokentape.generators import around_async_generator, around_generator
from tokentape.interceptors import registry as interceptors
from tokentape.opening import open_with
from tokentape.options import OptionArgs, Options

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import TracebackType
    from typing import Unpack

    from tokentape.deck import Deck
    from tokentape.opening import Target

P = ParamSpec("P")
R = TypeVar("R")

REMEMBERED = 32
"""Calls that `Deck.calls` has at most."""


def use_cassette(target: Target, **options: Unpack[OptionArgs]) -> CassetteBlock:
    """Record LLM traffic once and replay it ever after: as a decorator, `with` or `async with`.

    `target` is a file ("cassettes/summary.json") or a `Store` with `name="..."`. As a decorator it takes
    functions, coroutine functions, generators and async generators; each call is a block of its own.
    `Options` describes the keyword arguments. The block's value is the `Deck`: `tally`, `unused`, `mode`.

    Raises `UsageError` for a wrong option, here; on entry `CassetteError` for a cassette that cannot be
    used; on exit `ReplayMiss` if a call was not recorded.
    """
    return CassetteBlock(target, Options.of(options))


class CassetteBlock:
    """What `use_cassette` returns. Each entry opens a deck of its own, so blocks may nest and overlap."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options
        self._entered: list[Deck] = []

    def __enter__(self) -> Deck:
        deck = self._open()
        active.push(deck)
        self._entered.append(deck)
        return deck

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deck = active.innermost(self._entered)
        self._entered.remove(deck)
        active.pop(deck)
        close_block(deck, error)

    async def __aenter__(self) -> Deck:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Run each call of `function` in a block of its own."""
        if isinstance(function, type):
            raise UsageError(
                f"use_cassette cannot decorate the class {function.__name__}: decorate its functions, "
                "or mark the class with the pytest marker 'tokentape'"
            )
        wrapped: object
        if inspect.isasyncgenfunction(function):
            wrapped = around_async_generator(self._deck, function)
        elif inspect.isgeneratorfunction(function):
            wrapped = around_generator(self._deck, function)
        elif inspect.iscoroutinefunction(function):
            wrapped = self._around_coroutine(function)
        else:
            wrapped = self._around(function)
        return functools.wraps(function)(cast("Callable[P, R]", wrapped))

    def _open(self) -> Deck:
        deck = open_with(self._target, self._options)
        hold(deck)
        for watcher in watching.watchers:
            watcher.opened(deck)
        return deck

    @contextmanager
    def _deck(self) -> Iterator[Deck]:
        """A deck that is open but not in force; a consumer that leaves a generator early is no failure."""
        deck = self._open()
        try:
            with active.resting(deck):
                yield deck
        except BaseException as error:
            close_block(deck, None if isinstance(error, GeneratorExit) else error)
            raise
        close_block(deck, None)

    @contextmanager
    def _in_force(self) -> Iterator[Deck]:
        with self._deck() as deck, active.in_force(deck):
            yield deck

    def _around(self, function: Callable[P, R]) -> Callable[P, R]:
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._in_force():
                return function(*args, **kwargs)

        return run

    def _around_coroutine(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._in_force():
                return await function(*args, **kwargs)

        return run


def hold(deck: Deck) -> None:
    """Have interceptors and guard in place for `deck`, until `release`; it remembers its last calls, for
    assertions.

    Raises what they raise (two interceptors of one name, an entry point that cannot be loaded); nothing is
    held then, and the deck is closed.
    """
    deck.calls = deque(maxlen=REMEMBERED)
    try:
        interceptors.hold()
        try:
            guard.hold()
        except BaseException:
            interceptors.release()
            raise
    except BaseException as error:
        deck.close(error)
        raise


def release() -> None:
    """Undo one `hold`; the guard's goes also if an interceptor's fails."""
    try:
        interceptors.release()
    finally:
        guard.release()


def close_block(deck: Deck, error: BaseException | None) -> None:
    """Close a deck that interceptors and guard were held for; its troubles become warnings."""
    release()
    try:
        deck.close(error)
    finally:
        for watcher in watching.watchers:
            watcher.closed(deck)
        for trouble in deck.troubles:
            if not isinstance(trouble, RecordingRefused):
                warnings.warn(str(trouble), TokentapeWarning, stacklevel=4)
