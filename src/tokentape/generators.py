"""Generators with a cassette: one block around the whole, in force inside the steps and not between them.

A context variable set inside a generator would leak to whoever iterates it, so each step puts the deck
in force and takes it out again. Values sent and exceptions thrown in reach the generator as without us.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tokentape import active

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from contextlib import AbstractContextManager

    from tokentape.deck import Deck

    Opener = Callable[[], AbstractContextManager[Deck]]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
Y = TypeVar("Y")


def around_generator(
    opener: Opener, function: Callable[P, Generator[Y, S, R]]
) -> Callable[P, Generator[Y, S, R]]:
    """`function` with a deck of its own for each generator it makes."""

    def run(*args: P.args, **kwargs: P.kwargs) -> Generator[Y, S, R]:
        generator = function(*args, **kwargs)
        step: Callable[[], Y] = functools.partial(next, generator)
        with opener() as deck:
            while True:
                try:
                    with active.in_force(deck):
                        value = step()
                except StopIteration as done:
                    result: R = done.value
                    return result
                try:
                    step = functools.partial(generator.send, (yield value))
                except GeneratorExit:
                    with active.in_force(deck):
                        generator.close()
                    raise
                except BaseException as error:  # noqa: BLE001  thrown into the generator, as without us
                    step = functools.partial(generator.throw, error)

    return run


def around_async_generator(
    opener: Opener, function: Callable[P, AsyncGenerator[Y, S]]
) -> Callable[P, AsyncGenerator[Y, S]]:
    """`function` with a deck of its own for each async generator it makes."""

    async def run(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Y, S]:
        generator = function(*args, **kwargs)
        step: Callable[[], Awaitable[Y]] = generator.__anext__
        with opener() as deck:
            while True:
                try:
                    with active.in_force(deck):
                        value = await step()
                except StopAsyncIteration:
                    return
                try:
                    step = functools.partial(generator.asend, (yield value))
                except GeneratorExit:
                    with active.in_force(deck):
                        await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  thrown into the generator, as without us
                    step = functools.partial(generator.athrow, error)

    return run
