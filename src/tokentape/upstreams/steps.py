"""What a plan of attempts asks of its driver, and what it leaves: tries, pauses, a verdict, a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.upstreams.failures import Failed, FailureClass
    from tokentape.upstreams.pools.leases import Lease
    from tokentape.upstreams.upstream import Candidate


@quick
@dataclass(frozen=True, slots=True)
class Try:
    """Ask this target with this credential, and send the plan what came of it. `timeout`: seconds until the
    first byte must be there (None: none).
    """

    candidate: Candidate
    lease: Lease
    timeout: float | None


@quick
@dataclass(frozen=True, slots=True)
class Pause:
    """Wait until then, by the clock; where `released`, only until any credential is given back before
    (`Pools.watch`).
    """

    until: float
    released: bool = False


Step = Try | Pause


@quick
@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the log. `kind` is None for a success; `seconds` is how long it took, `waited` how long the
    plan had paused before. `is_asked` False: the target was passed over, since it rests.
    """

    target: str
    credential: str
    kind: FailureClass | None
    status: int | None
    seconds: float
    waited: float
    is_asked: bool = True

    def __str__(self) -> str:
        said = str(self.status or self.kind or "ok") if self.is_asked else f"rests ({self.kind})"
        return f"{self.target}#{self.credential}:{said}"


@dataclass(frozen=True, slots=True)
class GaveUp:
    """No reply was to be had. `failed` is the last failure, or says in our words what rests. `retry_after`:
    seconds until something may do, where that is known. `reason` is for traces and logs.
    """

    failed: Failed
    retry_after: float | None
    reason: str
    attempts: tuple[Attempt, ...] = ()


_LONGEST = 1000


def attempts_header(log: Iterable[Attempt]) -> str:
    """The value of `X-Tokentape-Attempts`: "openai/gpt-5-mini#key1:429, anthropic/claude-haiku-4-5#key1:200".

    Only what a header may hold, and not without end: names of models come from clients.
    """
    line = ", ".join(map(str, log))
    if not (line.isascii() and line.isprintable()):
        line = "".join(letter if " " <= letter <= "~" else "?" for letter in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
