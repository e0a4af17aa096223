"""The driver of a plan: it asks what comes next, does it, and tells how it went."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from tokentape.upstreams.failures import Failed, Succeeded
from tokentape.upstreams.plan import Pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.plan import Step, Try, Verdict
    from tokentape.upstreams.pools.pools import Pools

T = TypeVar("T")


async def carried_out(
    plan: Generator[Step, Heard | None, Verdict],
    tried: Callable[[Try], Awaitable[T | Failed]],
    pools: Pools,
) -> tuple[T | None, Verdict]:
    """What the plan came to: the answer of the try that succeeded, if one did, and the verdict."""
    heard: Heard | None = None
    answer: T | None = None
    try:
        while True:
            step = plan.send(heard)
            heard = None
            if isinstance(step, Pause):
                await _paused(step, pools)
                continue
            got = await tried(step)
            if isinstance(got, Failed):
                heard = got
            else:
                answer, heard = got, Succeeded()
    except StopIteration as stop:
        verdict: Verdict = stop.value
        return answer, verdict
    finally:
        plan.close()


async def _paused(pause: Pause, pools: Pools) -> None:
    """Wait as the plan says: until a time, or until a credential is given back before."""
    left = max(0.0, pause.until - time.monotonic())
    if not pause.released:
        await asyncio.sleep(left)
        return
    released = asyncio.Event()
    stop = pools.watch(released.set)
    try:
        async with asyncio.timeout(left):
            await released.wait()
    except TimeoutError:
        pass
    finally:
        stop()
