"""Whatever happens: no limit is broken, no pause leaves the budget, every plan ends, all is given back."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from up_plans import Clock, failed, key, policy, pools, target

from tokentape.upstreams.failures import Failed, FailureClass, Succeeded
from tokentape.upstreams.plan import GaveUp, Pause, Try, attempts
from tokentape.upstreams.pools.options import PoolOptions
from tokentape.upstreams.retrying import HARD_STOP
from tokentape.upstreams.upstream import Limits, Window

CONCURRENT, REQUESTS, TOKENS, SECONDS = 2, 4, 1000, 20.0
LIMITS = Limits(concurrent=CONCURRENT, windows=(Window(SECONDS, requests=REQUESTS, tokens=TOKENS),))
FIXED = Limits(windows=(Window(SECONDS, requests=REQUESTS, offset=3.0),))

fate = st.one_of(
    st.just(Succeeded()),
    st.builds(
        failed,
        st.sampled_from(FailureClass),
        st.none() | st.floats(0, 100),
        visible=st.booleans(),
        reached=st.booleans(),
    ),
)
act = st.one_of(
    st.tuples(st.just("begin"), st.integers(0, 1500)),
    st.tuples(st.just("step"), st.integers(0, 9), fate, st.floats(0, 5)),
    st.tuples(st.just("close"), st.integers(0, 9)),
    st.tuples(st.just("end"), st.integers(0, 9), st.integers(0, 800)),
)


class World:
    """Several plans at once on one clock, as a driver would run them."""

    def __init__(self, selection, limits, lots):
        self.clock = Clock()
        self.lots = lots
        keys = (key("a", limits=limits), key("b", 1, limits), key("c", 1, limits))
        self.candidates = [
            target("first", keys=keys, selection=selection),
            target("second", keys=keys[:1], rank=1),
        ]
        self.state = pools(self.clock, options=PoolOptions(), random=lots)
        self.rules = policy(budget=30)
        self.plans, self.streams = [], []
        self.begun: Counter[str] = Counter()
        self.starts: dict[str, list[tuple[float, int]]] = {}

    def begin(self, tokens):
        plan = attempts(
            self.candidates, self.state, self.rules, clock=self.clock, random=self.lots, tokens=tokens
        )
        self.plans.append(
            {"plan": plan, "step": None, "deadline": self.clock.now + 30, "tokens": tokens, "tries": 0}
        )
        self.send(self.plans[-1], None)

    def send(self, one, heard):
        held = one["step"]
        if isinstance(held, Try):
            self.begun[held.lease.bound] -= 1
        try:
            one["step"] = one["plan"].send(heard)
        except StopIteration as stopped:
            self.plans.remove(one)
            self.ended(one, held, heard, stopped.value)
            return
        if isinstance(heard, Failed):
            assert not heard.visible
            assert heard.kind not in HARD_STOP
            self.unsent(held, heard)
        self.took(one)

    def ended(self, one, held, heard, verdict):
        if isinstance(verdict, Succeeded):
            self.begun[held.lease.bound] += 1
            self.streams.append(held.lease)
            return
        assert isinstance(verdict, GaveUp)
        assert verdict.retry_after is None or verdict.retry_after > 0
        if isinstance(heard, Failed):
            self.unsent(held, heard)

    def unsent(self, held, heard):
        if not heard.reached:
            self.starts[held.lease.label].remove((held.lease.begun, 1))

    def took(self, one):
        step = one["step"]
        if isinstance(step, Pause):
            assert self.clock.now < step.until <= one["deadline"]
            return
        one["tries"] += 1
        assert one["tries"] <= self.rules.retry.max_attempts
        assert one["tries"] == 1 or self.clock.now <= one["deadline"]
        bound = step.lease.bound
        self.begun[bound] += 1
        most = step.lease.credential.limits.concurrent
        assert most is None or self.begun[bound] <= most
        starts = self.starts.setdefault(step.lease.label, [])
        starts.append((self.clock.now, 1))
        self.within(starts, step.lease.credential.limits.windows[0])

    def within(self, starts, window):
        now = self.clock.now
        if window.offset is None:
            recent = [at for at, _ in starts if at + window.seconds > now]
        else:
            period = (self.clock.wall() - window.offset) // window.seconds
            wall = self.clock.wall() - now
            recent = [at for at, _ in starts if (wall + at - window.offset) // window.seconds == period]
        assert len(recent) <= window.requests

    def step(self, number, outcome, seconds):
        if not self.plans:
            return
        one = self.plans[number % len(self.plans)]
        if isinstance(one["step"], Pause):
            self.clock.now = max(self.clock.now, one["step"].until)
            self.send(one, None)
            return
        self.clock.now += seconds
        self.send(one, outcome)

    def close(self, number):
        if self.plans:
            one = self.plans.pop(number % len(self.plans))
            one["plan"].close()
            if isinstance(one["step"], Try):
                self.begun[one["step"].lease.bound] -= 1

    def end(self, number, tokens):
        if self.streams:
            lease = self.streams.pop(number % len(self.streams))
            self.state.release(lease, Succeeded(), tokens)
            self.begun[lease.bound] -= 1

    def finish(self):
        """Every plan ends, however its tries go on failing; then nothing is on loan."""
        while self.streams:
            self.end(0, 1)
        rounds = 0
        while self.plans:
            rounds += 1
            assert rounds < 1000
            self.step(rounds, failed("server_error"), 0.5)
        for one in self.state.snapshot()["upstreams"].values():
            assert all(found["in_flight"] == 0 for found in one["keys"].values())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(act, max_size=60),
    st.sampled_from(["sequential", "balanced", "least_busy"]),
    st.sampled_from([LIMITS, FIXED]),
    st.randoms(use_true_random=False),
)
def test_whatever_happens(acts, selection, limits, chance):
    world = World(selection, limits, chance.random)
    for name, *rest in acts:
        getattr(world, name)(*rest)
    world.finish()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 8), st.integers(0, 1500)), max_size=80))
def test_reserved_tokens_never_exceed_a_window(calls):
    clock = Clock()
    state = pools(clock)
    candidate = target(keys=(key("a", limits=LIMITS),))
    taken = []
    for seconds, tokens in calls:
        clock.now += seconds
        got = state.lease(candidate, tokens=tokens)
        if not hasattr(got, "label"):
            assert got.until > clock.now
            continue
        taken.append((clock.now, min(tokens, TOKENS)))
        state.release(got, Succeeded())
        recent = [used for at, used in taken if at + SECONDS > clock.now]
        assert sum(recent) <= TOKENS
        assert len(recent) <= REQUESTS


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(fate, st.floats(0, 40)), min_size=1, max_size=40), st.floats(0, 60))
def test_a_plan_alone_ends_within_its_budget(fates, budget):
    clock, given_fates = Clock(), iter(fates)
    state = pools(clock)
    rules = policy(budget=budget)
    candidates = [target("first", keys=("a", "b")), target("second", rank=1)]
    plan = attempts(candidates, state, rules, clock=clock, random=lambda: 0.5)
    heard, asked, paused = None, 0, 0.0
    while True:
        try:
            step = plan.send(heard)
        except StopIteration as stopped:
            verdict = stopped.value
            break
        if isinstance(step, Pause):
            paused += step.until - clock.now
            clock.now, heard = step.until, None
            continue
        asked += 1
        assert clock.now <= budget
        heard, seconds = next(given_fates, (Succeeded(), 0.0))
        clock.now += seconds
    assert paused <= budget * (1 + 1e-9)
    assert asked <= rules.retry.max_attempts
    assert verdict is not None
