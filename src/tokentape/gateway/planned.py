"""The driver of a plan: it asks what comes next, does it, and tells how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tokentape.upstreams.failures import Failed, Succeeded
from tokentape.upstreams.plan import Pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.plan import Step, Try, Verdict

T = TypeVar("T")


async def carried_out(
    plan: Generator[Step, Heard | None, Verdict],
    tried: Callable[[Try], Awaitable[T | Failed]],
    pause: Callable[[Pause], Awaitable[None]],
) -> tuple[T | None, Verdict]:
    """What the plan came to: the answer of the try that succeeded, if one did, and the verdict."""
    heard: Heard | None = None
    answer: T | None = None
    try:
        while True:
            step = plan.send(heard)
            heard = None
            if isinstance(step, Pause):
                await pause(step)
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
