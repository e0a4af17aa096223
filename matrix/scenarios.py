"""What every SDK is asked to do, and how many requests that takes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from matrix.case import Side
    from tokentape.testing.provider import Provider

AT_ONCE = 8
ASKED = "Say hello to größe 世界 🌍."
NOW = {"retry-after": "0", "retry-after-ms": "1", "x-should-retry": "true"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One column of the matrix.

    `plan` scripts the provider. `sync` and `asynchronous` take the side and a client. `sends`: the number of
    requests, or why the SDK cannot do this. `raises`: it must raise an error.
    """

    name: str
    plan: Callable[[Provider], None]
    sync: Callable[[Side, Any], Any]
    asynchronous: Callable[[Side, Any], Awaitable[Any]]
    sends: Callable[[Side], int | str]
    raises: bool = False


def _nothing(provider: Provider) -> None:
    del provider


def _fails(provider: Provider) -> None:
    provider.fails(400, times=None, message="Scripted: this model does not exist.")


def _unavailable_twice(provider: Provider) -> None:
    provider.fails(503, times=2, headers=NOW)


def _at_once(side: Side, client: Any) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda n: side.ask(client, f"number {n}"), range(AT_ONCE)))


async def _gathered(side: Side, client: Any) -> list[Any]:
    return list(await asyncio.gather(*(side.ask(client, f"number {n}") for n in range(AT_ONCE))))


def _named(name: str) -> tuple[Callable[[Side, Any], Any], Callable[[Side, Any], Awaitable[Any]]]:
    """The scenario that is just this function of the side."""

    def run(side: Side, client: Any) -> Any:
        return getattr(side, name)(client, ASKED)

    async def run_async(side: Side, client: Any) -> Any:
        return await getattr(side, name)(client, ASKED)

    return run, run_async


def _given(name: str, sends: Callable[[Side], int]) -> Callable[[Side], int | str]:
    """`sends`, or the reason that stands in the place of the function."""

    def known(side: Side) -> int | str:
        value = getattr(side, name)
        return value if isinstance(value, str) else sends(side)

    return known


SCENARIOS = (
    Scenario("plain", _nothing, *_named("ask"), lambda side: 1),
    Scenario("stream", _nothing, *_named("stream"), _given("stream", lambda side: side.stream_calls)),
    Scenario("tools", _nothing, *_named("tools"), _given("tools", lambda side: side.tool_calls)),
    Scenario("error", _fails, *_named("ask"), lambda side: 1, raises=True),
    Scenario("retries", _unavailable_twice, *_named("ask"), lambda side: side.attempts),
    Scenario("concurrency", _nothing, _at_once, _gathered, lambda side: side.concurrency or AT_ONCE),
)
