"""What the matrix knows of an SDK: how to make a client of it, and how to ask, stream and use tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

Ask = Callable[[Any, str], Any]
"""A client and a text, to what the SDK returns for it. A coroutine function on the asynchronous side."""


@dataclass(frozen=True, slots=True)
class Side:
    """The synchronous or the asynchronous half of an SDK. A string is the reason why there is none.

    `through`: the distribution of the HTTP library it sends with; of `a or b`, the run shows which it was.
    `attempts`: requests that 503, 503, 200 takes. `stream_calls`, `tool_calls`: requests of these. `aside`:
    requests of each new client that are no calls of a model (a warm-up). `concurrency`: why one client cannot
    be asked several times at once.
    """

    client: Callable[[str], Any]
    ask: Ask
    stream: Ask | str
    tools: Ask | str
    through: str
    attempts: int | str = 3
    stream_calls: int = 1
    tool_calls: int = 2
    aside: int = 0
    concurrency: str = ""


@dataclass(frozen=True, slots=True)
class Sdk:
    """One row of the matrix. `not_run`: why it cannot be run at all.

    `module`: what must be there to import; several names are separated by a space. `hosts`: given to the
    cassette, where the URLs on the loopback port do not show the dialect.
    """

    name: str
    module: str
    requires: tuple[str, ...]
    sync: Side | str = "has no synchronous client"
    asynchronous: Side | str = "has no asynchronous client"
    not_run: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether this environment has it."""
        return all(map(_is_here, self.module.split()))

    @property
    def sides(self) -> dict[str, Side | str]:
        """Both halves by name."""
        return {"sync": self.sync, "async": self.asynchronous}


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a dotted name, the package
        return False
