"""What a place for responses must do. Calls block; `keeping` makes them wait elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokentape.errors import TokentapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.responses.stored import Stored

Told = tuple[int, bytes]
"""An event of a stream: its number, and its JSON."""


class StoreFailed(TokentapeError):
    """The place cannot be read or written. The message is one line: what, why, and the fix."""


class Store(Protocol):
    """Keeps responses, within bounds. Every method raises `StoreFailed`."""

    seal: bytes
    """The key with which compactions are sealed."""
    is_shared: bool
    """True where other processes may write, too."""

    def put(self, record: Stored, uses: Sequence[str] = (), events: Sequence[Told] = ()) -> None:
        """Keep a new response. `uses` are its ancestors: they are as fresh as it is from now on."""
        ...

    def get(self, client: str, identity: str) -> Stored | None:
        """The response; None if it is not there, too old, or another client's."""
        ...

    def change(
        self, identity: str, status: str, body: bytes, items: Sequence[str] = (), events: Sequence[Told] = ()
    ) -> bool:
        """What a running response is by now; `items` are the ids of its output, by which later requests may
        name them. False, and nothing is changed, if it does not run any more or is gone.
        """
        ...

    def tell(self, identity: str, events: Sequence[Told]) -> bool:
        """Keep more events of a running response; False as above."""
        ...

    def told(self, identity: str, after: int) -> list[Told]:
        """The events of a response with higher numbers than `after`, in order."""
        ...

    def latest(self, client: str, conversation: str) -> str | None:
        """The last response of a conversation."""
        ...

    def holder(self, client: str, item: str) -> str | None:
        """The response whose output has an item with this id."""
        ...

    def delete(self, client: str, identity: str) -> bool:
        """Forget a response; False if it was not there."""
        ...

    def stopped(self, identities: Collection[str]) -> set[str]:
        """Those that do not run any more, or are gone."""
        ...

    def beat(self, worker: str) -> None:
        """This worker lives."""
        ...

    def orphans(self) -> list[Stored]:
        """Running responses of workers that are dead."""
        ...

    def close(self) -> None:
        """Nothing more will be asked."""
        ...


def open_store(options: StateOptions, clock: Callable[[], float]) -> Store:
    """The store that the options name. Raises `UsageError` for an unknown one."""
    kind, _, path = options.store.partition(":")
    if kind == "memory" and not path:
        from tokentape.gateway.responses.memory import MemoryStore

        return MemoryStore(options, clock)
    if kind == "sqlite" and path:
        from tokentape.gateway.responses.sqlite import SqliteStore

        return SqliteStore(path, options, clock)
    raise UsageError(f"no store for responses is called {options.store!r}; use 'memory' or 'sqlite:PATH'")
