"""What an interceptor is, and what it sees of the deck in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import ModuleType

    from tokentape.outcomes import Outcome
    from tokentape.wire.message import Request


class Tape(Protocol):
    """What an interceptor sees of the deck in force. The module `tokentape.active` is one."""

    def idle(self) -> bool:
        """True if nothing is recorded or replayed anywhere: leave the call alone. Costs nothing."""

    def begin(self, request: Request, *, identity: str | None = None) -> Outcome | None:
        """What to do with `request`; None: pass it through untouched.

        May raise `ReplayAbort`, which is the program's to see.
        """

    def known_url(self, request: Request) -> bool:
        """True if the request goes to an LLM provider, whatever class of transport carries it."""

    def sends(self) -> bool:
        """False if no call is sent to a real server here: what leads to one can wait for the request."""


class Interceptor(Protocol):
    """Hooks one HTTP library. One object serves the whole process.

    `name` is unique among all interceptors; `modules` are the top-level modules to wait for. The module
    itself is handed in, never imported: a library that the program does not use is not loaded.
    """

    @property
    def name(self) -> str:
        """Unique among all interceptors."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The top-level modules that this interceptor hooks."""

    def attach(self, module: ModuleType) -> None:
        """Hook `module`, which has been executed. Does nothing if this very object is hooked already.

        Raises `NoSeam` if this version of the library has nothing to hook.
        """

    def detach(self) -> None:
        """Put back every original, where the hook in place is still ours."""

    def is_attached(self, name: str) -> bool:
        """True if the module called `name` is imported and hooked."""

    def unsupported(self, name: str) -> str | None:
        """Why the installed version of `name` cannot be hooked, without importing it; None if it can."""


Factory = Callable[[Tape], Interceptor]
"""What the registry's tuple and the entry points (group `tokentape.interceptors`) hold."""


class NoSeam(Exception):
    """This version of a library has no place to hook; the text says what it lacks. `registry` catches it."""
