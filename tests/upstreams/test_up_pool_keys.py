"""Which credential goes next, and what it may be asked."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from up_plans import OK, Clock, failed, key, pools, target, upstream

from tokentape.upstreams.pools.leases import Lease
from tokentape.upstreams.pools.options import Cap, Cooling, PoolOptions
from tokentape.upstreams.upstream import Limits, Window

DAY = 86_400.0
EVEN = PoolOptions(tolerance=0)


def take(state, candidate, clock=None, tokens=0, **more):
    """The name of the credential that went, or how long there is to wait."""
    got = state.lease(candidate, tokens=tokens, **more)
    if isinstance(got, Lease):
        state.release(got, OK)
        return got.credential.name
    return got.until - (clock.now if clock else 0.0)


def test_sequential_uses_one_until_it_cannot():
    clock = Clock()
    candidate = target(keys=("a", "b"))
    state = pools(clock)
    assert [take(state, candidate) for _ in range(3)] == ["a", "a", "a"]
    state.release(state.lease(candidate), failed("rate_limit", 60))
    assert take(state, candidate) == "b"


def test_balanced_without_tolerance_is_even():
    clock = Clock()
    candidate = target(keys=("a", "b", "c"), selection="balanced")
    state = pools(clock, options=EVEN)
    assert [take(state, candidate) for _ in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_balanced_with_tolerance_strays_but_not_far():
    import random

    clock, chance = Clock(), random.Random(7)
    candidate = target(keys=("a", "b", "c"), selection="balanced")
    state = pools(clock, random=chance.random)
    uses = Counter(take(state, candidate) for _ in range(300))
    assert max(uses.values()) - min(uses.values()) < 30
    assert min(uses.values()) > 80


def test_least_busy_takes_the_one_with_the_fewest_in_flight():
    clock = Clock()
    candidate = target(keys=("a", "b"), selection="least_busy")
    state = pools(clock)
    first, second = state.lease(candidate), state.lease(candidate)
    assert (first.credential.name, second.credential.name) == ("a", "b")
    state.release(second, OK)
    assert state.lease(candidate).credential.name == "b"


def test_calls_at_a_time():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(concurrent=2)),))
    state = pools(clock)
    leases = [state.lease(candidate) for _ in range(2)]
    wait = state.lease(candidate)
    assert wait.busy
    assert wait.kind == "rate_limit"
    state.release(leases[0])
    state.release(leases[0])
    assert isinstance(state.lease(candidate), Lease)
    assert state.lease(candidate).busy


def test_a_rolling_window_of_calls():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, requests=2),))),))
    state = pools(clock)
    take(state, candidate)
    clock.now = 20
    take(state, candidate)
    clock.now = 30
    assert take(state, candidate, clock) == 30
    clock.now = 60
    assert take(state, candidate) == "a"
    assert take(state, candidate, clock) == 20


def test_a_fixed_window_begins_at_its_time():
    clock = Clock()
    window = Window(DAY, requests=1, offset=0.0)
    candidate = target(keys=(key("a", limits=Limits(windows=(window,))),))
    state = pools(clock)
    clock.now = 3600
    take(state, candidate)
    assert take(state, candidate, clock) == DAY - 3600
    clock.now = DAY
    assert take(state, candidate) == "a"


def test_a_wall_clock_that_is_set_back_does_not_empty_a_window():
    clock = Clock()
    window = Window(DAY, requests=1, offset=0.0)
    candidate = target(keys=(key("a", limits=Limits(windows=(window,))),))
    state = pools(clock)
    take(state, candidate)
    state._wall = lambda: clock.wall() - 60
    assert take(state, candidate, clock) == pytest.approx(60)


def test_tokens_are_reserved_by_estimate_and_corrected_by_usage():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, tokens=1000),))),))
    state = pools(clock)
    lease = state.lease(candidate, tokens=600)
    assert take(state, candidate, clock, tokens=500) == 60
    state.release(lease, OK, tokens=450)
    assert take(state, candidate, tokens=500) == "a"


def test_a_call_larger_than_its_window_goes_when_the_window_is_empty():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, tokens=1000),))),))
    state = pools(clock)
    assert take(state, candidate, tokens=5000) == "a"
    assert take(state, candidate, clock, tokens=1) == 60


def test_what_never_arrived_is_not_counted():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, requests=1, tokens=10),))),))
    state = pools(clock)
    state.release(state.lease(candidate, tokens=10), failed("api_connection", reached=False))
    assert take(state, candidate, tokens=10) == "a"


def test_a_failed_call_used_no_tokens_but_was_a_call():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, requests=2, tokens=10),))),))
    state = pools(clock)
    state.release(state.lease(candidate, tokens=10), failed("server_error"))
    assert take(state, candidate, tokens=10) == "a"
    assert take(state, candidate, clock) == 60


def test_windows_are_counted_per_group_of_models():
    clock = Clock()
    limits = Limits(windows=(Window(60, requests=1),))
    groups = (frozenset({"gpt", "gpt-mini"}),)
    state = pools(clock)

    def ask(model):
        return take(state, target(model=model, keys=(key("a", limits=limits),), quota_groups=groups), clock)

    assert ask("gpt") == "a"
    assert ask("gpt-mini") == 60
    assert ask("other") == "a"


def test_caps_per_key_model_group_and_period():
    clock = Clock()
    groups = (frozenset({"gpt", "gpt-mini"}),)
    caps = (
        Cap(Window(60, requests=1), credential="a", model="gpt-mini"),
        Cap(Window(DAY, requests=3), credential="a"),
    )
    state = pools(clock, options=PoolOptions(caps={"openai": caps}, fair_cycle=False))

    def ask(model):
        return take(state, target(model=model, keys=("a", "b"), quota_groups=groups), clock)

    assert [ask("gpt"), ask("gpt"), ask("other"), ask("other"), ask("other")] == ["a", "b", "a", "a", "b"]
    clock.now = 61
    assert ask("gpt") == "b"
    clock.now = DAY
    assert ask("gpt") == "a"


def test_a_window_of_nothing_lets_nothing_through():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, requests=0),))),))
    assert take(pools(clock), candidate, clock) == float("inf")


def test_fair_cycle_a_used_up_key_goes_behind_until_its_tier_is_used_up():
    clock = Clock()
    candidate = target(keys=("a", "b"))
    state = pools(clock)
    state.release(state.lease(candidate), failed("rate_limit", 600))
    clock.now = 601
    assert take(state, candidate) == "b", "a is free again, but it is b's turn"
    state.release(state.lease(candidate), failed("rate_limit", 600))
    assert take(state, candidate) == "a"
    clock.now = 1300
    state.release(state.lease(candidate), failed("rate_limit", 600))
    clock.now = 2000
    assert take(state, candidate) == "b", "a new cycle: a is used up, b is not"


def test_fair_cycle_ends_when_the_window_resets():
    clock = Clock()
    quota = Limits(windows=(Window(DAY, requests=1, offset=0.0),))
    candidate = target(keys=(key("a", limits=quota), "b"))
    state = pools(clock)
    assert [take(state, candidate) for _ in range(3)] == ["a", "b", "b"]
    clock.now = DAY
    assert take(state, candidate) == "a"


def test_fair_cycle_never_leaves_a_call_without_a_key():
    clock = Clock()
    candidate = target(keys=("a", key("b", limits=Limits(concurrent=1))))
    state = pools(clock)
    state.release(state.lease(candidate), failed("quota_exceeded", 600))
    clock.now = 601
    assert state.lease(candidate).credential.name == "b"
    assert state.lease(candidate).credential.name == "a"


def test_a_reload_keeps_the_state_of_what_stays():
    clock = Clock()
    state = pools(clock, upstream(keys=("a", "b")), upstream("gone"))
    state.release(state.lease(target(keys=("a", "b"))), failed("authentication"))
    under_way = state.lease(target("gone"))
    limits = Limits(windows=(Window(60, requests=1),))
    state.changed([upstream(keys=(key("a", limits=limits), "c"))])
    assert take(state, target(keys=(key("a", limits=limits), "c"))) == "c"
    assert list(state.snapshot()["upstreams"]) == ["openai"]
    state.release(under_way, failed("server_error"))
    assert list(state.snapshot()["upstreams"]) == ["openai"]


def test_a_new_secret_under_an_old_name_is_a_new_credential():
    clock = Clock()
    state = pools(clock)
    state.release(state.lease(target()), failed("authentication"))
    state.changed([upstream(keys=(key("key1", secret="sk-renewed"),))])
    assert take(state, target(keys=(key("key1", secret="sk-renewed"),))) == "key1"


def test_the_snapshot_is_json_without_a_secret_and_says_that_it_estimates():
    clock = Clock()
    limits = Limits(concurrent=1, windows=(Window(60, requests=5, tokens=100),))
    candidate = target(keys=(key("a", limits=limits),))
    state = pools(clock)
    state.release(state.lease(candidate, tokens=30), failed("rate_limit", 5, failure=None))
    clock.now = 6
    lease = state.lease(candidate, tokens=30)
    headers = (("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "499"))
    state.heard_headers(lease, headers)
    snapshot = state.snapshot()
    text = json.dumps(snapshot)
    assert "very-secret" not in text
    assert "very-secret" not in repr(lease)
    assert "estimate" in snapshot["note"]
    shown = snapshot["upstreams"]["openai"]["keys"]["a"]
    assert shown["state"] == "busy"
    counted = shown["groups"]["gpt"]["counted"][0]
    assert (counted["requests"], counted["tokens"], counted["estimate"]) == (2, 30, True)
    assert shown["groups"]["gpt"]["told"]["requests"]["remaining"] == 499


def test_names_of_models_do_not_pile_up():
    clock = Clock()
    state = pools(clock)
    for number in range(3000):
        clock.now += 1
        state.release(state.lease(target(model=f"m{number}")), OK)
        state.release(state.lease(target(model=f"m{number}"), call=number), failed("server_error"))
    groups = state.snapshot()["upstreams"]["openai"]["keys"]["key1"]["groups"]
    assert len(groups) <= 512


def test_a_day_of_calls_is_a_few_hundred_numbers():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(DAY, requests=10**6),))),))
    state = pools(clock)
    for _ in range(20_000):
        clock.now += 4
        take(state, candidate)
    (found,) = state._keys.values()
    (count,) = found.groups["gpt"].counts.values()
    assert len(count._bundles) <= 241
    assert count.used(state._now())[0] == 20_000


def test_a_busy_key_beside_one_that_rests_is_waited_for_as_long_as_the_rest():
    clock = Clock()
    candidate = target(keys=("a", key("b", limits=Limits(concurrent=1))))
    state = pools(clock)
    state.release(state.lease(candidate), failed("rate_limit", 20))
    state.lease(candidate)
    wait = state.lease(candidate)
    assert (wait.until, wait.busy, wait.what) == (20, True, "openai/gpt#a")


def test_two_names_of_one_model_share_what_is_known():
    clock = Clock()
    names = {"fast": "gpt-mini"}
    state = pools(clock)
    state.release(state.lease(target(model="fast", models=names)), failed("rate_limit", 60))
    assert take(state, target(model="gpt-mini", models=names), clock) == 60
    groups = (frozenset({"fast", "gpt"}),)
    state.release(
        state.lease(target("other", "fast", models=names, quota_groups=groups)), failed("rate_limit", 60)
    )
    assert take(state, target("other", "gpt", models=names, quota_groups=groups), clock) == 60


def test_a_call_without_use_for_a_key_does_not_turn_the_cycle():
    clock = Clock()
    candidate = target(keys=("a", "b", "c"))
    state = pools(clock)
    for name in ("a", "b"):
        state.release(state.lease(candidate, only=name), failed("rate_limit", 600))
    clock.now = 700
    state.lease(candidate, without={"c"})
    assert take(state, candidate) == "c"


def test_other_options_take_effect_and_rests_stay():
    clock = Clock()
    candidate = target()
    state = pools(clock, candidate.upstream)
    state.release(state.lease(candidate), failed("rate_limit", 5))
    state.release(state.lease(target(model="other"), call=1), failed("server_error"))
    eager = Cooling(threshold=2, base=1)
    state.changed([candidate.upstream], PoolOptions(key=eager, model=eager, upstream=eager))
    assert take(state, candidate, clock) == 5
    for call in (2, 3):
        state.release(state.lease(target(model="other"), call=call), failed("server_error"))
    assert take(state, target(model="other"), clock) == 1


def test_whether_an_estimate_of_tokens_is_wanted():
    window = Window(60, tokens=10)
    plain, counted = upstream(), upstream("counted", keys=(key("a", limits=Limits(windows=(window,))),))
    state = pools(Clock(), options=PoolOptions(caps={"capped": (Cap(window),)}))
    wanted = [state.counts_tokens(one) for one in (plain, counted, upstream("capped"))]
    assert wanted == [False, True, True]


def test_a_stream_longer_than_its_window_corrects_nothing_that_is_counted_now():
    clock = Clock()
    candidate = target(keys=(key("a", limits=Limits(windows=(Window(60, tokens=1000),))),))
    state = pools(clock)
    long = state.lease(candidate, tokens=900)
    clock.now = 100
    assert take(state, candidate, tokens=600) == "a"
    state.release(long, OK, tokens=10)
    assert take(state, candidate, clock, tokens=600) == 60
