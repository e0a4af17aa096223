"""What moves on to the next target, and what stops."""

from __future__ import annotations

import pytest
from up_plans import OK, Clock, failed, gave_up, key, policy, pools, run, target

from tokentape.errors import UsageError
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.retrying import FAILOVER_ON, HARD_STOP, Policy, moving

ONE_TRY = policy(max_retries=0)
STOPS = {
    "authentication", "forbidden", "credential_reauth_needed", "not_found", "conflict", "invalid_request",
    "context_window_exceeded", "content_filter", "too_large",
}  # fmt: skip


def pair(**more):
    return [target("first", rank=0, **more), target("second", rank=1)]


@pytest.mark.parametrize("kind", sorted(FAILOVER_ON))
def test_what_moves_on(kind):
    clock = Clock()
    ran = run(pair(), pools(clock), clock, [failed(kind), OK], rules=ONE_TRY)
    assert ran.asked == ["first/gpt#key1", "second/gpt#key1"]
    assert ran.verdict is OK


@pytest.mark.parametrize("kind", sorted(STOPS | HARD_STOP))
def test_what_stops(kind):
    clock = Clock()
    ran = run(pair(), pools(clock), clock, [failed(kind)], rules=ONE_TRY)
    assert ran.asked == ["first/gpt#key1"]
    assert gave_up(ran).failed.kind == kind
    assert gave_up(ran).retry_after is None


def test_every_failure_moves_on_or_stops():
    assert set(FailureClass) == FAILOVER_ON | STOPS | HARD_STOP
    assert not FAILOVER_ON & STOPS
    assert not HARD_STOP & (FAILOVER_ON | STOPS)


@pytest.mark.parametrize("kind", sorted(HARD_STOP))
def test_a_hard_stop_cannot_be_configured_away(kind):
    with pytest.raises(UsageError, match=f"failover_on: {kind} always stops"):
        moving(failover_on=["rate_limit", kind])
    with pytest.raises(UsageError, match="always stops"):
        Policy(failover_on=frozenset({kind}))


def test_config_error_treated_as_retryable():
    clock = Clock()
    ran = run(pair(), pools(clock), clock, [failed("configuration_error")])
    assert ran.asked == ["first/gpt#key1"]
    assert gave_up(ran).reason == "configuration_error always stops"


@pytest.mark.parametrize("kind", ["server_error", "rate_limit", "incomplete", "api_connection"])
def test_nothing_follows_visible_output(kind):
    clock = Clock()
    ran = run(pair(), pools(clock), clock, [failed(kind, visible=True)], streaming=True)
    assert ran.asked == ["first/gpt#key1"]
    assert gave_up(ran).reason == "output was shown already"


def test_a_policy_may_move_on_where_the_usual_one_stops():
    clock = Clock()
    rules = policy(max_retries=0, failover_on=moving(["context_window", 401]))
    ran = run(pair(), pools(clock), clock, [failed("context_window_exceeded"), OK], rules=rules)
    assert ran.asked == ["first/gpt#key1", "second/gpt#key1"]
    ran = run(pair(), pools(clock), clock, [failed("server_error")], rules=rules)
    assert ran.asked == ["first/gpt#key1"]


def test_a_policy_may_stop_where_the_usual_one_moves_on():
    clock = Clock()
    rules = policy(max_retries=0, failover_on=moving(stop_on=["timeout"]))
    ran = run(pair(), pools(clock), clock, [failed("timeout")], rules=rules)
    assert gave_up(ran).failed.kind == "timeout"
    assert moving(stop_on=["timeout"]) == FAILOVER_ON - {FailureClass.timeout}


def test_a_failure_in_both_lists_is_a_mistake():
    with pytest.raises(UsageError, match="timeout stands in failover_on and in stop_on"):
        moving(["504", "rate_limit"], ["timeout"])


def test_an_unknown_failure_is_a_mistake_that_lists_the_known():
    with pytest.raises(
        UsageError, match=r"stop_on: bad_luck names no failure; use some of rate_limit, .*cancelled"
    ):
        moving(stop_on=["bad_luck"])


def test_the_policy_never_keeps_a_streamed_call_on_one_target():
    clock = Clock()
    rules = policy(max_retries=0, streaming="never")
    ran = run(pair(), pools(clock), clock, [failed("server_error")], rules=rules, streaming=True)
    assert ran.asked == ["first/gpt#key1"]
    ran = run(pair(), pools(clock), clock, [failed("server_error"), OK], rules=rules, streaming=False)
    assert len(ran.asked) == 2


def test_the_next_key_of_the_same_upstream_comes_before_another_target():
    clock = Clock()
    candidates = pair(keys=("key1", "key2"))
    ran = run(candidates, pools(clock), clock, [failed("authentication"), OK])
    assert ran.asked == ["first/gpt#key1", "first/gpt#key2"]


def test_a_refused_key_stops_once_no_other_is_left():
    clock = Clock()
    ran = run(
        pair(keys=("key1", "key2")), pools(clock), clock, [failed("authentication"), failed("forbidden")]
    )
    assert ran.asked == ["first/gpt#key1", "first/gpt#key2"]
    assert gave_up(ran).reason == "forbidden stops"


def test_one_refused_key_beside_a_limited_one_moves_on():
    clock = Clock()
    answers = [failed("rate_limit", 60), failed("authentication"), OK]
    ran = run(pair(keys=("key1", "key2")), pools(clock), clock, answers)
    assert ran.asked[-1] == "second/gpt#key1"


def test_targets_are_asked_by_rank():
    clock = Clock()
    candidates = [target("third", rank=3), target("first", rank=1), target("second", rank=2)]
    ran = run(candidates, pools(clock), clock, lambda _: failed("server_error"), rules=ONE_TRY)
    assert ran.asked == ["first/gpt#key1", "second/gpt#key1", "third/gpt#key1"]


def test_equal_ranks_share_calls_by_weight():
    clock, lots = Clock(), iter([0.1, 0.74, 0.76, 0.99])
    candidates = [target("heavy", weight=3), target("light", weight=1), target("spare", weight=0)]
    firsts = []
    for _ in range(4):
        lot = next(lots)
        ran = run(candidates, pools(clock), clock, [OK], random=lambda lot=lot: lot)
        firsts.append(ran.asked[0].partition("/")[0])
    assert firsts == ["heavy", "heavy", "light", "light"]
    ran = run(candidates, pools(clock), clock, lambda _: failed("server_error"), rules=ONE_TRY)
    assert ran.asked[-1] == "spare/gpt#key1"


def test_no_more_targets_than_the_policy_says():
    clock = Clock()
    candidates = [target(name, rank=rank) for rank, name in enumerate("abc")]
    ran = run(
        candidates,
        pools(clock),
        clock,
        lambda _: failed("server_error"),
        rules=policy(max_retries=0, max_targets=2),
    )
    assert ran.asked == ["a/gpt#key1", "b/gpt#key1"]


def test_no_candidate_at_all():
    clock = Clock()
    ran = run([], pools(clock), clock, [])
    assert gave_up(ran).reason == "no upstream serves this"
    assert gave_up(ran).failed.kind == "configuration_error"
    assert gave_up(ran).retry_after is None


def test_a_bound_call_prefers_its_credential_and_its_target():
    clock = Clock()
    candidates = [target("first", keys=("key1",)), target("second", keys=("key1", "key2"))]
    ran = run(candidates, pools(clock), clock, [OK], affinity="second#key2", random=lambda: 0.0)
    assert ran.asked == ["second/gpt#key2"]
    ran = run(candidates, pools(clock), clock, [failed("rate_limit", 60), OK], affinity="second#key2")
    assert ran.asked == ["second/gpt#key2", "second/gpt#key1"]


def test_a_call_that_must_stay_bound_fails_closed():
    clock, rules = Clock(), policy(only_affinity=True)
    candidates = [target("first"), target("second", keys=("key1", "key2"))]
    ran = run(
        candidates, pools(clock), clock, [failed("rate_limit", 60)], affinity="second#key2", rules=rules
    )
    assert ran.asked == ["second/gpt#key2"]
    assert gave_up(ran).retry_after == 60
    ran = run(candidates, pools(clock), clock, [], affinity="second#gone", rules=rules)
    assert gave_up(ran).reason == "no target has the credential 'second#gone'"


def test_a_tier_is_used_only_when_the_one_before_cannot_be():
    clock = Clock()
    keys = (key("spare", priority=1), key("first"), key("other"))
    ran = run(
        [target(keys=keys)], pools(clock), clock, [failed("rate_limit", 60), failed("rate_limit", 60), OK]
    )
    assert [label.partition("#")[2] for label in ran.asked] == ["first", "other", "spare"]
