"""What rests, for how long, and what ends it."""

from __future__ import annotations

import pytest
from up_plans import OK, Clock, failed, gave_up, policy, pools, run, target, upstream

from tokentape.errors import UsageError
from tokentape.upstreams.failures import SERVER_FAILURES
from tokentape.upstreams.pools.history import History
from tokentape.upstreams.pools.leases import Lease, Wait
from tokentape.upstreams.pools.options import Cooling, PoolOptions

CALLS = iter(range(1, 10_000))


def fail(state, candidate, kind, retry_after=None, **more):
    """One call of its own that failed."""
    lease = state.lease(candidate, call=next(CALLS), **more)
    assert isinstance(lease, Lease), lease
    state.release(lease, failed(kind, retry_after))
    return lease


def succeed(state, candidate):
    lease = state.lease(candidate, call=next(CALLS))
    assert isinstance(lease, Lease), lease
    state.release(lease, OK)


def rests(state, candidate, clock):
    got = state.lease(candidate)
    if isinstance(got, Lease):
        state.release(got)
        return None
    return got.until - clock.now


@pytest.mark.parametrize("kind", sorted(SERVER_FAILURES))
def test_one_transient_started_provider_cooldown(kind):
    clock = Clock()
    state, candidate = pools(clock), target()
    fail(state, candidate, kind)
    assert rests(state, candidate, clock) is None
    assert rests(state, target(model="other"), clock) is None


@pytest.mark.parametrize("kind", sorted(SERVER_FAILURES | {"rate_limit"}))
def test_model_scope_bypasses_threshold(kind):
    """At every scope, below the threshold nothing rests; at it, something does."""
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(2):
        fail(state, candidate, kind)
        assert rests(state, candidate, clock) is None
    fail(state, candidate, kind)
    assert rests(state, candidate, clock) == 10


@pytest.mark.parametrize("scope", ["key", "model", "upstream"])
def test_a_threshold_of_one_is_refused_at_every_scope(scope):
    with pytest.raises(UsageError, match="one failure is no reason for a rest"):
        PoolOptions(**{scope: Cooling(threshold=1)})


def test_the_tries_of_one_call_count_once():
    clock = Clock()
    state, candidate = pools(clock), target()
    ran = run([candidate], state, clock, lambda _: failed("server_error"), rules=policy(max_retries=5))
    assert len(ran.asked) == 6
    assert rests(state, candidate, clock) is None


def test_failures_that_lie_far_apart_make_no_rest():
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(10):
        fail(state, candidate, "server_error")
        clock.now += 31
    assert rests(state, candidate, clock) is None


def test_success_clears_what_failed_before():
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(5):
        fail(state, candidate, "server_error")
        fail(state, candidate, "overloaded")
        succeed(state, candidate)
    assert rests(state, candidate, clock) is None


def test_a_bad_model_rests_alone():
    clock = Clock()
    state = pools(clock)
    for _ in range(3):
        fail(state, target(model="bad"), "server_error")
    assert state.lease(target(model="bad")).what == "openai/bad"
    assert rests(state, target(model="good"), clock) is None


def test_errors_of_several_models_rest_the_upstream():
    clock = Clock()
    state = pools(clock)
    for model in ("a", "b", "a"):
        fail(state, target(model=model), "overloaded")
    assert state.lease(target(model="c")) == Wait(10, "overloaded", "openai", whole=True)
    assert rests(state, target("anthropic"), clock) is None


def test_an_upstream_that_cannot_be_reached_rests_whole():
    clock = Clock()
    state = pools(clock)
    for _ in range(3):
        fail(state, target(), "api_connection")
    assert state.lease(target(model="other")).what == "openai"


def test_one_key_that_keeps_failing_rests_while_the_other_works():
    clock = Clock()
    state, candidate = pools(clock), target(keys=("bad", "good"))
    for _ in range(3):
        fail(state, candidate, "server_error", only="bad")
        state.release(state.lease(candidate, only="good"), OK)
    assert state.lease(candidate, only="bad").until == 10
    assert state.lease(candidate).credential.name == "good"


def test_rests_in_a_row_grow_up_to_a_most():
    clock = Clock()
    state, candidate = pools(clock), target()
    lengths = []
    for _ in range(2):
        fail(state, candidate, "server_error")
    for _ in range(7):
        fail(state, candidate, "server_error")
        lengths.append(rests(state, candidate, clock))
        clock.now += lengths[-1]
    assert lengths == [10, 20, 40, 80, 160, 300, 300]
    succeed(state, candidate)
    fail(state, candidate, "server_error")
    assert rests(state, candidate, clock) is None


def test_long_after_a_rest_one_failure_is_one_failure():
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(3):
        fail(state, candidate, "server_error")
    clock.now = 10 + 61
    fail(state, candidate, "server_error")
    assert rests(state, candidate, clock) is None


def test_a_limit_rests_exactly_as_long_as_it_says():
    clock = Clock()
    state, candidate = pools(clock), target()
    fail(state, candidate, "rate_limit", 17.25)
    assert rests(state, candidate, clock) == 17.25
    clock.now = 17.25
    assert rests(state, candidate, clock) is None


def test_cooldown_not_kept():
    """A later and shorter word, or a success of a call that was under way, does not shorten a rest."""
    clock = Clock()
    state, candidate = pools(clock), target()
    leases = [state.lease(candidate, call=call) for call in range(100, 104)]
    state.release(leases[0], failed("rate_limit", 60))
    clock.now = 1
    state.release(leases[1], failed("rate_limit", 5))
    state.release(leases[2], failed("rate_limit"))
    state.release(leases[3], OK)
    assert rests(state, candidate, clock) == 59
    state.changed([upstream()])
    assert rests(state, candidate, clock) == 59


def test_cooldown_extended():
    """Calls that were under way when the rest began do not extend it as they fail one by one."""
    clock = Clock()
    state, candidate = pools(clock), target()
    leases = [state.lease(candidate, call=call) for call in range(200, 220)]
    clock.now = 1
    for lease in leases:
        state.release(lease, failed("server_error"))
        clock.now += 0.25
    assert state.lease(candidate).until == 1.5 + 10


def test_a_longer_word_of_the_provider_extends_a_rest():
    clock = Clock()
    state, candidate = pools(clock), target()
    leases = [state.lease(candidate, call=call) for call in (301, 302)]
    state.release(leases[0], failed("rate_limit", 5))
    state.release(leases[1], failed("rate_limit", 50))
    assert rests(state, candidate, clock) == 50


def test_one_models_limit_never_blocks_another_group():
    clock = Clock()
    shared = (frozenset({"gpt", "gpt-mini"}),)
    state = pools(clock)
    for kind, after in (("rate_limit", 60), ("quota_exceeded", None), ("forbidden", None)):
        fail(state, target(kind, quota_groups=shared), kind, after)
        assert rests(state, target(kind, "gpt-mini", quota_groups=shared), clock) is not None
        assert rests(state, target(kind, "other", quota_groups=shared), clock) is None


def test_a_refused_key_rests_for_all_models_and_is_dead():
    clock = Clock()
    state = pools(clock)
    fail(state, target(), "authentication")
    assert rests(state, target(model="other"), clock) == 300
    keys = state.snapshot()["upstreams"]["openai"]["keys"]
    assert keys["key1"]["state"] == "dead"


def test_a_limited_key_is_not_dead():
    clock = Clock()
    state = pools(clock)
    fail(state, target(), "rate_limit", 60)
    key = state.snapshot()["upstreams"]["openai"]["keys"]["key1"]
    assert key["state"] == "ready"
    assert key["groups"]["gpt"]["state"] == "limited"
    assert key["groups"]["gpt"]["rest"] == {"reason": "rate_limit", "seconds": 60, "told": True}


def test_one_success_clears_a_dead_key():
    clock = Clock()
    state, candidate = pools(clock), target()
    under_way, late = state.lease(candidate, call=401), state.lease(candidate, call=402)
    clock.now = 1
    state.release(late, failed("authentication"))
    state.release(under_way, OK)
    assert rests(state, candidate, clock) == 300
    clock.now = 301
    succeed(state, candidate)
    assert state.snapshot()["upstreams"]["openai"]["keys"]["key1"]["state"] == "ready"


def test_a_token_that_cannot_be_had_once_is_no_dead_key():
    clock = Clock()
    state, candidate = pools(clock), target()
    fail(state, candidate, "credential_reauth_needed")
    assert rests(state, candidate, clock) is None
    fail(state, candidate, "credential_reauth_needed")
    fail(state, candidate, "credential_reauth_needed")
    assert rests(state, candidate, clock) == 10
    assert state.snapshot()["upstreams"]["openai"]["keys"]["key1"]["state"] == "dead"


@pytest.mark.parametrize(
    "kind",
    ["invalid_request", "context_window_exceeded", "content_filter", "not_found", "too_large", "cancelled"],
)
def test_what_the_request_is_at_fault_for_rests_nothing(kind):
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(10):
        fail(state, candidate, kind)
    assert rests(state, candidate, clock) is None


def test_a_stream_that_breaks_off_later_counts_as_a_failure():
    clock = Clock()
    state, candidate = pools(clock), target()
    for _ in range(3):
        ran = run([candidate], state, clock, [OK], release=False)
        state.release(ran.lease, failed("incomplete", visible=True))
    assert rests(state, candidate, clock) == 10


def test_a_dead_pool_answers_at_once_and_says_so():
    clock = Clock()
    state, candidate = pools(clock), target()
    fail(state, candidate, "authentication")
    ran = run([candidate, target("second", rank=1)], state, clock, [])
    assert ran.asked == []
    assert gave_up(ran).failed.kind == "authentication"
    assert gave_up(ran).failed.message.startswith("openai/gpt#key1 rests for 300 s more after authentication")


def test_a_history_is_bounded():
    history = History(Cooling(threshold=1000, window=1e9))
    for call in range(1000):
        assert history.failed(float(call), float(call), call) is None
    assert len(history._failed) == 200
