"""A recorded call, a program that asks something else, and a provider that runs and counts all the while."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass

import pytest

import tokentape
from tokentape.errors import ReplayMiss

HELLO = "Say hello."
GOODBYE = "Say goodbye."


@dataclass
class Missed:
    """A block that ended with a miss: its deck, what the program inside saw or returned, and the miss."""

    deck: object
    saw: object
    miss: ReplayMiss

    @property
    def explanation(self):
        return self.miss.explanation


class Missing:
    """Records a program's answer to `HELLO`, and has the same program miss with `GOODBYE` in mode `none`.

    A program is a function, or a coroutine function, of the provider's URL and the text to ask.
    """

    def __init__(self, provider, folder):
        self.provider = provider
        self.path = folder / "tape.json"

    def record(self, program, *texts):
        with tokentape.use_cassette(self.path, mode="once", errors="record"):
            for text in texts or (HELLO,):
                run(program, self.provider.url, text)

    def miss(self, program, text=GOODBYE, *, sends=1, **options):
        """The program missing exactly `sends` times, with nothing sent; it must end with `ReplayMiss`."""
        before = self.provider.count
        saw = []
        with pytest.raises(ReplayMiss) as caught:
            with tokentape.use_cassette(self.path, mode="none", **options) as deck:
                try:
                    saw.append(run(program, self.provider.url, text))
                except BaseException as error:
                    saw.append(error)
                    raise
        assert self.provider.count == before
        assert deck.tally.missed == sends
        return Missed(deck, saw[0], caught.value)


def run(program, *args):
    result = program(*args)
    return asyncio.run(result) if inspect.isawaitable(result) else result
