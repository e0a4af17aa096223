"""`bind`: carry the cassette in force into threads and executors that do not inherit the context."""

from __future__ import annotations

import functools
import inspect
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast, overload

from tokentape import active
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.deck import Deck

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@overload
def bind(target: Executor) -> BoundExecutor: ...
@overload
def bind(target: Callable[P, R]) -> Callable[P, R]: ...
def bind(target: Executor | Callable[P, R]) -> BoundExecutor | Callable[P, R]:
    """Make `target` use the cassette that is in force here and now, wherever it runs.

    A function (also a coroutine function) is wrapped; an executor is wrapped so that everything
    submitted to it is. Raises `UsageError` for a process pool: another process needs its own cassette.
    """
    deck = active.current()
    if isinstance(target, ProcessPoolExecutor):
        raise UsageError("bind: a process pool runs elsewhere; open the cassette inside the function it runs")
    if isinstance(target, Executor):
        return BoundExecutor(target, deck)
    return _bound(target, deck)


class BoundExecutor(Executor):
    """An executor whose work sees the cassette in force where `bind` was called."""

    def __init__(self, inner: Executor, deck: Deck | None) -> None:
        self._inner = inner
        self._deck = deck

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As the inner executor's, with the cassette in force."""
        return self._inner.submit(_bound(fn, self._deck), *args, **kwargs)

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[T]:
        """As the inner executor's, with the cassette in force."""
        return self._inner.map(_bound(fn, self._deck), *iterables, timeout=timeout, chunksize=chunksize)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the inner executor down."""
        self._inner.shutdown(wait=wait, cancel_futures=cancel_futures)


def _bound(function: Callable[P, R], deck: Deck | None) -> Callable[P, R]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
            with active.chosen(deck):
                return await function(*args, **kwargs)

        return cast("Callable[P, R]", awaited)

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with active.chosen(deck):
            return function(*args, **kwargs)

    return called
