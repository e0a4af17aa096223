"""How a model answers, as shares of the questions that it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.testing.provider.turn import Question, Turn
    from tokentape.wire.message import Headers


class How(StrEnum):
    """How a call fails."""

    ERROR = "error"
    """A reply with an error's status."""
    CUT = "cut"
    """The connection closes in the middle of the reply."""
    MIDWAY = "midway"
    """A stream tells an error in place of its rest; a whole reply is an error's."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls a share of the questions, `times` times each (None: each time they are asked).

    `wait` is what a refused caller is told to wait, in seconds.
    """

    share: float
    how: How = How.ERROR
    status: int = 503
    times: int | None = 1
    wait: float | None = None
    message: str = "The model is overloaded. Please try again later."

    @classmethod
    def limit(cls, share: float, *, times: int | None = 1, wait: float = 1.0) -> Mishap:
        """A rate limit: status 429, with the time after which to ask again."""
        return cls(share, How.ERROR, 429, times, wait, "Rate limit reached for requests.")

    @classmethod
    def cut(cls, share: float, *, times: int | None = 1) -> Mishap:
        """A reply that breaks off."""
        return cls(share, How.CUT, times=times)

    def befalls(self, nth: int) -> bool:
        """Whether the `nth` asking (from 1) of such a question fails."""
        return self.times is None or nth <= self.times

    @property
    def headers(self) -> Headers:
        """What tells when to ask again."""
        if self.wait is None:
            return ()
        return (("retry-after", str(ceil(self.wait))), ("retry-after-ms", str(round(self.wait * 1000))))


@dataclass(frozen=True, slots=True)
class Persona:
    """One model, or those whose name fits the glob `models`.

    `quality` is the share of questions that are answered as they should be; answers in JSON and calls of
    tools have shares of their own mistakes, where they are given. `verbosity` lengthens prose by a factor;
    `refusals` is the share that is declined. Each question is the victim of the first of the `mishaps` that
    draws it, if any. `unsteadiness` is the share that is drawn anew each time it is asked. `latency` is
    seconds to the first word, and for each token. `says` answers itself, unless it gives None.
    """

    models: str = "*"
    quality: float = 1.0
    verbosity: float = 1.0
    refusals: float = 0.0
    json_slips: float | None = None
    tool_slips: float | None = None
    unsteadiness: float = 0.0
    mishaps: tuple[Mishap, ...] = ()
    latency: tuple[float, float] = (0.0, 0.0)
    seed: str = ""
    says: Callable[[Question], Turn | None] | None = None

    def plays(self, model: str) -> bool:
        """Whether the model is this one's."""
        return fnmatchcase(model, self.models)

    @property
    def slips(self) -> float:
        """The share of mistakes where nothing else is said."""
        return 1.0 - self.quality
