"""One scenario of one SDK, once: a client is made, asked, and closed."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from matrix.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matrix.case import Side
    from matrix.scenarios import Scenario


class NoError(Exception):
    """The SDK was to raise an error, and did not."""


def play(side: Side, scenario: Scenario, url: str, ready: Callable[[], None]) -> Any:
    """What the SDK returns, or the error that the scenario wants, as plain data.

    `ready` is called when the client is made: it scripts the provider. Raises what the SDK raises, and
    `NoError`.
    """
    client = side.client(url)
    found: list[Any] = []
    try:
        ready()
        with _settling(scenario, found):
            found.append(plain(scenario.sync(side, client)))
    finally:
        _close(client)
    return found[0]


def play_in_loop(side: Side, scenario: Scenario, url: str, ready: Callable[[], None]) -> Any:
    """The same with the asynchronous side, in an event loop of its own."""
    return asyncio.run(_play(side, scenario, url, ready))


async def _play(side: Side, scenario: Scenario, url: str, ready: Callable[[], None]) -> Any:
    client = side.client(url)
    found: list[Any] = []
    try:
        ready()
        with _settling(scenario, found):
            found.append(plain(await scenario.asynchronous(side, client)))
    finally:
        await _aclose(client)
    return found[0]


@contextmanager
def _settling(scenario: Scenario, found: list[Any]) -> Iterator[None]:
    """Where the scenario wants an error, put it into `found` as data; else let it through."""
    try:
        yield
    except Exception as error:
        if not scenario.raises:
            raise
        found.append(plain(error))
    else:
        if scenario.raises:
            raise NoError("the SDK raised no error")


def _close(client: Any) -> None:
    if hasattr(client, "__exit__"):
        client.__exit__(None, None, None)
    elif callable(close := getattr(client, "close", None)):
        close()


async def _aclose(client: Any) -> None:
    if hasattr(client, "__aexit__"):
        await client.__aexit__(None, None, None)
        return
    close = getattr(client, "aclose", None) or getattr(client, "close", None)
    if callable(close) and hasattr(closing := close(), "__await__"):
        await closing
