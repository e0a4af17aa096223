"""A clock that only tests move, upstreams in a line, and a driver for plans."""

from __future__ import annotations

from tokentape.upstreams.failures import Failed, FailureClass, Succeeded
from tokentape.upstreams.plan import GaveUp, Pause, Try, attempts
from tokentape.upstreams.pools.options import PoolOptions
from tokentape.upstreams.pools.pools import Pools
from tokentape.upstreams.retrying import Policy, RetryOptions
from tokentape.upstreams.upstream import NO_LIMITS, Candidate, Credential, Secret, Upstream

MIDNIGHT = 1_700_006_400.0  # 2023-11-15T00:00:00Z


class Signed:
    async def signed(self, request, secret):
        return request


class Clock:
    """Both clocks: forward-only from 0, and the wall from a midnight in UTC."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def wall(self):
        return MIDNIGHT + self.now


def key(name, priority=0, limits=NO_LIMITS, secret=None):
    return Credential(name, Secret(secret or f"sk-{name}-very-secret"), priority, limits)


def upstream(name="openai", keys=("key1",), **more):
    credentials = tuple(one if isinstance(one, Credential) else key(one) for one in keys)
    return Upstream(name, "openai_chat", f"https://{name}.test/v1", Signed(), credentials, **more)


def target(name="openai", model="gpt", keys=("key1",), rank=0, weight=1.0, **more):
    return Candidate(upstream(name, keys, **more), model, rank, weight)


def pools(clock, *upstreams, options=None, random=lambda: 0.5):
    return Pools(upstreams, options or PoolOptions(), clock=clock, wall=clock.wall, random=random)


def policy(budget=30.0, max_retries=2, max_attempts=10, same_key_below=10.0, **more):
    retry = RetryOptions(budget, max_retries, max_attempts, same_key_below)
    return Policy(retry, **more)


def failed(kind, retry_after=None, **more):
    return Failed(FailureClass(kind), f"it said {kind}", retry_after=retry_after, **more)


OK = Succeeded()


class Ran:
    """What a plan did: labels asked, pauses made, the verdict and the log."""

    def __init__(self):
        self.asked, self.pauses, self.log = [], [], []
        self.verdict = None
        self.lease = None


def run(candidates, state, clock, answers, *, rules=None, took=0.0, release=True, **more):
    """Drive a plan. `answers`: outcomes in order, or a function of the label asked."""
    ran, outcomes = Ran(), iter(() if callable(answers) else answers)
    plan = attempts(
        candidates,
        state,
        rules or policy(),
        clock=clock,
        random=more.pop("random", lambda: 0.5),
        log=ran.log,
        **more,
    )
    heard = None
    try:
        while True:
            step = plan.send(heard)
            if isinstance(step, Pause):
                ran.pauses.append(step.until - clock.now)
                assert step.until > clock.now
                clock.now, heard = step.until, None
                continue
            assert isinstance(step, Try)
            ran.asked.append(step.lease.label)
            ran.lease = step.lease
            clock.now += took
            heard = answers(step.lease.label) if callable(answers) else next(outcomes)
    except StopIteration as stopped:
        ran.verdict = stopped.value
    if isinstance(ran.verdict, Succeeded) and release:
        state.release(ran.lease, ran.verdict)
    return ran


def gave_up(ran):
    assert isinstance(ran.verdict, GaveUp)
    return ran.verdict
