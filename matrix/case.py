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

    `through`: the distribution of the HTTP library it sends with; `a or b` is the first that is installed.
    `attempts`: requests that 503, 503, 200 takes. `tool_calls`: requests of the tool round trip. `aside`:
    requests of each new client that are no calls of a model (a warm-up). `concurrency`: why one client cannot
    be asked several times at once.
    """

    client: Callable[[str], Any]
    ask: Ask
    stream: Ask | str
    tools: Ask | str
    through: str
    attempts: int | str = 3
    tool_calls: int = 2
    aside: int = 0
    concurrency: str = ""


@dataclass(frozen=True, slots=True)
class Sdk:
    """One row of the matrix. `not_run`: why it cannot be run at all."""

    name: str
    module: str
    requires: tuple[str, ...]
    sync: Side | str = "has no synchronous client"
    asynchronous: Side | str = "has no asynchronous client"
    not_run: str = ""

    @property
    def is_here(self) -> bool:
        """Whether this environment has it."""
        try:
            return find_spec(self.module) is not None
        except ModuleNotFoundError:  # of a dotted name, the package
            return False

    @property
    def sides(self) -> dict[str, Side | str]:
        """Both halves by name."""
        return {"sync": self.sync, "async": self.asynchronous}
