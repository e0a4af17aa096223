"""The attempts of one call: which target with which credential, when again, when elsewhere, when to stop.

A generator that does no I/O. It yields what to do (`Try`, `Pause`), is sent what came of a try (None after a
pause), and returns a verdict. After `Succeeded` the credential is still on loan: whoever reads the reply
gives it back at its end (`Pools.release`), and may tell a later failure there. Closed early, it gives back
what it holds.

    plan = attempts(candidates, pools, policy, clock=clock, random=random, streaming=True, log=log)
    step = next(plan)
    step = plan.send(heard)      # StopIteration.value is the verdict
"""

from __future__ import annotations

from itertools import count
from math import inf
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.upstreams.failures import DEAD, KEY_FAILURES, SERVER_FAILURES, Failed, FailureClass, Succeeded
from tokentape.upstreams.ordering import credential_of, in_order
from tokentape.upstreams.pools.leases import Lease
from tokentape.upstreams.retrying import HARD_STOP
from tokentape.upstreams.steps import Attempt, GaveUp, Pause, Step, Try, attempts_header
from tokentape.upstreams.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.pools.leases import Wait
    from tokentape.upstreams.pools.pools import Pools
    from tokentape.upstreams.retrying import Policy
    from tokentape.upstreams.upstream import Candidate

    Clock = Callable[[], float]
    Verdict = Succeeded | GaveUp

__all__ = ["Attempt", "Failed", "GaveUp", "Pause", "Step", "Succeeded", "Try", "attempts", "attempts_header"]

_calls = count(1)
_SHORTEST = 0.001
"""No pause is shorter: what rounding leaves of a wait must not make a loop."""
_LATER = KEY_FAILURES | SERVER_FAILURES
"""Failures after which the same request may do later."""


def attempts(  # noqa: PLR0913
    candidates: Sequence[Candidate],
    pools: Pools,
    policy: Policy,
    *,
    clock: Clock,
    random: Callable[[], float],
    tokens: int = 0,
    affinity: str | None = None,
    streaming: bool = False,
    log: list[Attempt] | None = None,
) -> Generator[Step, Heard | None, Verdict]:
    """The plan of one call. `tokens` is an estimate of its size; `affinity` names the credential it is bound
    to, "upstream#name" or a bare name; `log` is filled as it goes.
    """
    course = _Course(candidates, pools, policy, (clock, random), tokens, affinity, streaming)
    course.log = [] if log is None else log
    while True:
        step = course.step()
        if isinstance(step, GaveUp):
            return step
        if isinstance(step, Pause):
            yield step
            course.paused()
            continue
        heard: Heard | None = None
        try:
            heard = yield step
        finally:
            if heard is None:
                pools.release(step.lease)
        verdict = course.heard(step, heard or Failed(FailureClass.cancelled, "nothing was heard of the try"))
        if verdict is not None:
            return verdict


class _Course:
    """Where a call stands."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        pools: Pools,
        policy: Policy,
        given: tuple[Clock, Callable[[], float]],
        tokens: int,
        affinity: str | None,
        streaming: bool,
    ) -> None:
        self.pools, self.policy, self.tokens = pools, policy, tokens
        self.clock, self.random = given
        self.call = next(_calls)
        self.log: list[Attempt] = []
        self.begun = self.since = self.clock()
        self.deadline = self.begun + policy.retry.budget
        self.waited = 0.0
        self.tries = self.asked = 0
        self.last: Failed | None = None
        self.bound = affinity if policy.only_affinity else None
        most = 1 if streaming and policy.streaming == "never" else policy.max_targets
        self.most = len(candidates) if most is None else most
        self.targets = self._targets(candidates, affinity)
        self.current: Target

    def _targets(self, candidates: Sequence[Candidate], affinity: str | None) -> list[Target]:
        found = []
        for candidate in in_order(candidates, self.random, affinity):
            name = credential_of(affinity, candidate.upstream)
            if self.bound is None or name is not None:
                found.append(Target(candidate, prefer=name, only=name if self.bound else None))
        return found

    def step(self) -> Step | GaveUp:
        """What to do now."""
        now = self.since = self.clock()
        if self.tries >= self.policy.retry.max_attempts:
            return self._gave_up(now, f"{self.tries} attempts were made")
        if self.tries and now >= self.deadline:
            return self._gave_up(now, f"the budget of {self.policy.retry.budget:g} s is over")
        waits: list[Wait] = []
        for target in self._open():
            got = target.lease(self.pools, now, self.call, self.tokens)
            if isinstance(got, Lease):
                return self._try(target, got)
            target.free_at = got.until
            waits.append(got)
            if target.is_asked and got.until - now < self.policy.retry.same_key_below and self._in_time(got):
                return self._pause(now, waits[-1:])
            self._pass_over(target, got)
            if not self.policy.moves_on(got.kind):
                break
        return self._wait(now, waits)

    def _open(self) -> list[Target]:
        """Targets that may still be asked: beyond the most, only those that were asked already."""
        has_room = self.asked < self.most
        return [one for one in self.targets if not one.is_over and (has_room or one.is_asked)]

    def _in_time(self, wait: Wait) -> bool:
        return wait.until <= self.deadline

    def _try(self, target: Target, lease: Lease) -> Try:
        self.asked += not target.is_asked
        target.is_asked, self.current = True, target
        self.tries += 1
        return Try(target.candidate, lease, target.candidate.upstream.times.first_byte)

    def _pass_over(self, target: Target, wait: Wait) -> None:
        """Write down, once, why a target was not asked although it stands before others."""
        if target.is_noted or target.is_asked:
            return
        target.is_noted = True
        self.log.append(
            Attempt(target.candidate.label, "-", wait.kind, None, 0.0, self.waited, is_asked=False)
        )

    def _wait(self, now: float, waits: list[Wait]) -> Step | GaveUp:
        """All of them rest or are busy: wait within the budget, or answer at once."""
        if not waits:
            return self._gave_up(now, "nothing is left to try" if self.targets else self._nobody())
        if now >= self.deadline:
            return self._gave_up(now, f"the budget of {self.policy.retry.budget:g} s is over", waits)
        if any(wait.busy or self._in_time(wait) for wait in waits):
            return self._pause(now, waits)
        return self._gave_up(now, "what is left rests for longer than the budget", waits)

    def _pause(self, now: float, waits: list[Wait]) -> Pause:
        until = max(min(wait.until for wait in waits), now + _SHORTEST)
        return Pause(min(until, self.deadline), any(wait.busy for wait in waits))

    def paused(self) -> None:
        """A pause is over."""
        self.waited += self.clock() - self.since

    def heard(self, step: Try, heard: Heard) -> Verdict | None:
        """Judge what came of a try: a verdict, or None to go on."""
        now = self.clock()
        kind = heard.kind if isinstance(heard, Failed) else None
        said = step.lease.credential.name
        seconds = now - self.since
        self.log.append(Attempt(step.candidate.label, said, kind, heard.status, seconds, self.waited))
        self.waited = 0.0
        if isinstance(heard, Succeeded):
            return heard  # it clears what failed before only at its end: a stream may still break off
        self.pools.release(step.lease, heard)
        return self._failed(step, heard, now)

    def _failed(self, step: Try, failed: Failed, now: float) -> GaveUp | None:
        target = self.current
        target.fails(step.lease, failed, now, self.policy.retry, self.random)
        self.last = failed
        if failed.visible:
            return self._gave_up(now, "output was shown already", stops=True)
        if failed.kind in HARD_STOP:
            return self._gave_up(now, f"{failed.kind} always stops", stops=True)
        if not target.is_over:
            return None
        judged = target.failed or failed
        if self.policy.moves_on(judged.kind):
            return None
        self.last = judged
        return self._gave_up(now, f"{judged.kind} stops", stops=judged.kind not in _LATER)

    def _gave_up(self, now: float, reason: str, waits: Sequence[Wait] = (), *, stops: bool = False) -> GaveUp:
        soonest = min(waits, key=lambda wait: (wait.kind in DEAD, wait.until), default=None)
        failed = self.last or _resting(soonest, now, reason)
        after = None if stops or failed.kind in HARD_STOP else self._retry_after(now)
        return GaveUp(failed, after, reason, tuple(self.log))

    def _retry_after(self, now: float) -> float | None:
        """The smallest of the times after which a target may do."""
        free = [target.free_at - now for target in self.targets]
        return min((seconds for seconds in free if 0 < seconds < inf), default=None)

    def _nobody(self) -> str:
        return f"no target has the credential {self.bound!r}" if self.bound else "no upstream serves this"


_KINDS = {
    FailureClass.rate_limit: FailureKind.RATE_LIMIT,
    FailureClass.quota_exceeded: FailureKind.RATE_LIMIT,
    FailureClass.billing: FailureKind.BILLING,
    FailureClass.authentication: FailureKind.AUTHENTICATION,
    FailureClass.forbidden: FailureKind.PERMISSION,
    FailureClass.credential_reauth_needed: FailureKind.AUTHENTICATION,
    FailureClass.configuration_error: FailureKind.SERVER,
}


def _resting(wait: Wait | None, now: float, reason: str) -> Failed:
    """The failure of a call that could not be asked at all."""
    if wait is None:
        told = Failure(FailureKind.SERVER, reason)
        return Failed(FailureClass.configuration_error, reason, failure=told)
    seconds = wait.until - now
    after = seconds if seconds < inf else None
    said = f"rests for {seconds:.0f} s more after {wait.kind}"
    if wait.kind in DEAD:
        said += " (its key was refused: put the right one in)"
    if after is None:
        said = "is busy" if wait.busy else "may not be asked at all"
    message = f"{wait.what} {said}; {reason}"
    told = Failure(_KINDS.get(wait.kind, FailureKind.OVERLOADED), message)
    return Failed(wait.kind, message, retry_after=after, failure=told)
