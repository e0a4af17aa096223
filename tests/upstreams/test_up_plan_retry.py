"""The same again: when, how often, and never beyond the budget."""

from __future__ import annotations

import pytest
from up_plans import OK, Clock, failed, gave_up, key, policy, pools, run, target

from tokentape.errors import UsageError
from tokentape.upstreams.plan import Pause, Succeeded, Try, attempts, attempts_header
from tokentape.upstreams.retrying import RetryOptions, backoff, moving
from tokentape.upstreams.upstream import Limits, Window


def test_a_short_retry_after_is_waited_for_with_the_same_key():
    clock = Clock()
    candidates = [target("first"), target("second", rank=1)]
    ran = run(candidates, pools(clock), clock, [failed("rate_limit", 4), OK])
    assert ran.asked == ["first/gpt#key1"] * 2
    assert ran.pauses == [4]


def test_a_long_retry_after_moves_on_at_once():
    clock = Clock()
    candidates = [target("first"), target("second", rank=1)]
    ran = run(candidates, pools(clock), clock, [failed("rate_limit", 10), OK])
    assert ran.asked == ["first/gpt#key1", "second/gpt#key1"]
    assert ran.pauses == []


def test_another_key_comes_before_waiting():
    clock = Clock()
    ran = run([target(keys=("key1", "key2"))], pools(clock), clock, [failed("rate_limit", 4), OK])
    assert ran.asked == ["openai/gpt#key1", "openai/gpt#key2"]
    assert ran.pauses == []


def test_a_long_retry_after_within_the_budget_is_waited_for_where_nothing_else_is_left():
    clock = Clock()
    ran = run([target()], pools(clock), clock, [failed("rate_limit", 20), OK])
    assert ran.pauses == [20]
    assert ran.verdict is OK


def test_cooldown_over_budget_bypassed():
    clock = Clock()
    state = pools(clock)
    ran = run([target()], state, clock, [failed("rate_limit", 31)])
    assert ran.asked == ["openai/gpt#key1"]
    assert gave_up(ran).retry_after == 31
    clock.now += 0.5
    again = run([target()], state, clock, [])
    assert again.asked == []
    assert again.pauses == []
    assert gave_up(again).retry_after == 30.5
    assert gave_up(again).failed.kind == "rate_limit"
    assert gave_up(again).failed.failure.http_status == 429


def test_no_retry_after_to_client():
    """Every candidate rests longer than the budget: the smallest of what they say is told."""
    clock = Clock()
    candidates = [target("first", keys=("a", "b")), target("second", rank=1)]
    answers = [failed("rate_limit", 90), failed("rate_limit", 70), failed("overloaded", 80)]
    ran = run(candidates, pools(clock), clock, answers)
    assert len(ran.asked) == 3
    assert gave_up(ran).retry_after == 70
    assert ran.pauses == []


def test_server_errors_are_retried_with_jittered_backoff():
    clock = Clock()
    ran = run([target()], pools(clock), clock, lambda _: failed("server_error"), random=lambda: 1.0)
    assert ran.asked == ["openai/gpt#key1"] * 3
    assert ran.pauses == [0.5, 1.0]
    assert gave_up(ran).failed.kind == "server_error"


def test_backoff_is_full_jitter_and_bounded():
    options = RetryOptions(base=0.5, most=8)
    assert [backoff(options, retry, lambda: 1.0) for retry in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff(options, 3, lambda: 0.25) == 1
    assert backoff(options, 10_000, lambda: 1.0) == 8


def test_a_limit_without_retry_after_is_retried_with_backoff():
    clock = Clock()
    ran = run([target()], pools(clock), clock, [failed("rate_limit"), OK], random=lambda: 1.0)
    assert ran.pauses == [0.5]


def test_a_retry_after_of_nothing_is_not_hammered():
    clock = Clock()
    ran = run([target()], pools(clock), clock, lambda _: failed("rate_limit", 0.0), random=lambda: 1.0)
    assert ran.pauses == [0.5, 1.0]
    assert len(ran.asked) == 3


def test_the_budget_bounds_the_whole_call():
    clock = Clock()
    rules = policy(budget=10, max_retries=9)
    ran = run(
        [target()],
        pools(clock),
        clock,
        lambda _: failed("server_error"),
        rules=rules,
        took=4,
        random=lambda: 0.0,
    )
    assert len(ran.asked) == 3
    assert gave_up(ran).reason == "the budget of 10 s is over"


def test_a_budget_of_nothing_still_asks_once():
    clock = Clock()
    ran = run([target()], pools(clock), clock, [failed("server_error")], rules=policy(budget=0))
    assert len(ran.asked) == 1
    assert run([target()], pools(clock), clock, [OK], rules=policy(budget=0)).verdict is OK


def test_there_is_a_most_of_attempts():
    clock = Clock()
    keys = tuple(f"key{number}" for number in range(20))
    ran = run([target(keys=keys)], pools(clock), clock, lambda _: failed("rate_limit", 60))
    assert len(ran.asked) == 10
    assert gave_up(ran).reason == "10 attempts were made"


def test_a_clients_own_key_waits_but_rests_for_nobody_else():
    clock = Clock()
    candidates = [target(passes_client_key=True)]
    state = pools(clock)
    ran = run(candidates, state, clock, [failed("rate_limit", 4), OK])
    assert ran.pauses == [4]
    ran = run(candidates, state, clock, [failed("rate_limit", 60)])
    assert gave_up(ran).retry_after == 60
    for kind in ("authentication", "forbidden", "billing"):
        assert gave_up(run(candidates, state, clock, [failed(kind)])).failed.kind == kind
    assert run(candidates, state, clock, [OK]).verdict is OK


def test_a_busy_credential_is_waited_for_until_it_is_given_back():
    clock = Clock()
    candidates = [target(keys=(key("key1", limits=Limits(concurrent=1)),))]
    state = pools(clock)
    held = state.lease(candidates[0])
    plan = attempts(candidates, state, policy(), clock=clock, random=lambda: 0.5)
    step = next(plan)
    assert step == Pause(30.0, released=True)
    woken = []
    stop = state.watch(lambda: woken.append(True))
    clock.now = 2.0
    state.release(held, OK)
    assert woken == [True]
    stop()
    assert isinstance(plan.send(None), Try)


def test_a_busy_credential_that_is_not_given_back_ends_with_the_budget():
    clock = Clock()
    candidates = [target(keys=(key("key1", limits=Limits(concurrent=1)),))]
    state = pools(clock)
    state.lease(candidates[0])
    ran = run(candidates, state, clock, [])
    assert ran.pauses == [30.0]
    assert "openai/gpt#key1 is busy" in gave_up(ran).failed.message


def test_a_busy_target_is_passed_over():
    clock = Clock()
    first = target("first", keys=(key("key1", limits=Limits(concurrent=1)),))
    state = pools(clock)
    state.lease(first)
    ran = run([first, target("second", rank=1)], state, clock, [OK])
    assert ran.asked == ["second/gpt#key1"]
    assert attempts_header(ran.log) == "first/gpt#-:rests (rate_limit), second/gpt#key1:200"


def test_a_target_that_rests_when_it_is_reached_is_passed_over_however_short():
    clock = Clock()
    candidates = [target("first"), target("second", rank=1)]
    state = pools(clock)
    state.release(state.lease(candidates[0]), failed("rate_limit", 2))
    ran = run(candidates, state, clock, [OK])
    assert ran.asked == ["second/gpt#key1"]


def test_a_target_whose_rest_stops_a_call_is_not_passed_over():
    clock = Clock()
    rules = policy(failover_on=moving(["server_error"]))
    candidates = [target("first"), target("second", rank=1)]
    state = pools(clock)
    state.release(state.lease(candidates[0]), failed("rate_limit", 2))
    ran = run(candidates, state, clock, [OK], rules=rules)
    assert (ran.asked, ran.pauses) == (["first/gpt#key1"], [2])


def test_an_upstream_without_credentials_may_not_be_asked():
    clock = Clock()
    ran = run([target(keys=())], pools(clock), clock, [])
    assert "may not be asked at all" in gave_up(ran).failed.message


def test_a_full_window_is_waited_for():
    clock = Clock()
    limits = Limits(windows=(Window(60, requests=1),))
    candidates = [target(keys=(key("key1", limits=limits),))]
    state = pools(clock)
    run(candidates, state, clock, [OK])
    clock.now = 45
    assert run(candidates, state, clock, [OK]).pauses == [15]


def test_a_plan_that_is_closed_gives_back_what_it_holds():
    clock = Clock()
    candidates = [target(keys=(key("key1", limits=Limits(concurrent=1)),))]
    state = pools(clock)
    plan = attempts(candidates, state, policy(), clock=clock, random=lambda: 0.5)
    assert isinstance(next(plan), Try)
    plan.close()
    assert run(candidates, state, clock, [OK]).pauses == []


def test_after_a_success_the_credential_is_still_on_loan():
    clock = Clock()
    candidates = [target(keys=(key("key1", limits=Limits(concurrent=1)),))]
    state = pools(clock)
    ran = run(candidates, state, clock, [OK], release=False)
    assert state.snapshot()["upstreams"]["openai"]["keys"]["key1"]["in_flight"] == 1
    state.release(ran.lease, OK, tokens=12)
    state.release(ran.lease, failed("server_error"))
    assert state.snapshot()["upstreams"]["openai"]["keys"]["key1"]["in_flight"] == 0


def test_every_attempt_is_written_down():
    clock = Clock()
    candidates = [target("first", keys=("a", "b")), target("second", rank=1)]
    answers = [failed("rate_limit", 60, status=429), failed("api_connection"), Succeeded(201)]
    ran = run(candidates, pools(clock), clock, answers, rules=policy(max_retries=0), took=1.5)
    assert attempts_header(ran.log) == "first/gpt#a:429, first/gpt#b:api_connection, second/gpt#key1:201"
    assert [one.seconds for one in ran.log] == [1.5] * 3
    waits = run([target("third")], pools(clock), clock, [failed("server_error"), OK], random=lambda: 1.0)
    assert [one.waited for one in waits.log] == [0.0, 0.5]


def test_the_header_holds_what_a_header_may_hold():
    clock = Clock()
    ran = run([target(model="ü\r\nx-evil: 1" + "a" * 2000)], pools(clock), clock, [OK])
    line = attempts_header(ran.log)
    assert line.startswith("openai/???x-evil: 1aaa")
    assert line.endswith("...")
    assert len(line) == 1000


def test_the_timeout_of_a_try_is_its_upstreams():
    clock = Clock()
    plan = attempts([target()], pools(clock), policy(), clock=clock, random=lambda: 0.5)
    assert next(plan).timeout == 600


@pytest.mark.parametrize("wrong", [{"budget": -1}, {"max_attempts": 0}, {"base": float("nan")}])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(UsageError, match="retry: "):
        RetryOptions(**wrong)
