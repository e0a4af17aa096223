"""Rate-limit headers of providers, as they spell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.upstreams.pools.gauges import Gauge, read

NOW = 1_700_000_000.0

OPENAI = (
    ("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "499"), ("x-ratelimit-reset-requests", "120ms"),
    ("X-RateLimit-Limit-Tokens", "30000"), ("x-ratelimit-remaining-tokens", "29000"), ("x-ratelimit-reset-tokens", "2m59.5s"),
)  # fmt: skip
ANTHROPIC = (
    ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "49"),
    ("anthropic-ratelimit-requests-reset", "2023-11-14T22:13:50Z"),
    ("anthropic-ratelimit-input-tokens-limit", "40000"), ("anthropic-ratelimit-input-tokens-remaining", "39000"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "gauges"),
    [
        (
            OPENAI,
            {"requests": Gauge(NOW, 500, 499, NOW + 0.12), "tokens": Gauge(NOW, 30000, 29000, NOW + 179.5)},
        ),
        (ANTHROPIC, {"requests": Gauge(NOW, 50, 49, NOW + 30), "input-tokens": Gauge(NOW, 40000, 39000)}),
        (
            (("x-ratelimit-limit-req-minute", "60"), ("x-ratelimit-remaining-req-minute", "59")),
            {"req-minute": Gauge(NOW, 60, 59)},
        ),
        (
            (
                ("ratelimitbysize-limit", "500000"),
                ("ratelimitbysize-remaining", "499000"),
                ("ratelimitbysize-reset", "5"),
            ),
            {"bysize": Gauge(NOW, 500000, 499000, NOW + 5)},
        ),
        (
            (
                ("X-RateLimit-Limit", "20"),
                ("X-RateLimit-Remaining", "0"),
                ("X-RateLimit-Reset", "1700000060000"),
            ),
            {"": Gauge(NOW, 20, 0, NOW + 60)},
        ),
        (
            (("RateLimit-Limit", "100"), ("RateLimit-Remaining", "50"), ("RateLimit-Reset", "30")),
            {"": Gauge(NOW, 100, 50, NOW + 30)},
        ),
        ((("RateLimit", "limit=100, remaining=50, reset=30"),), {"": Gauge(NOW, 100, 50, NOW + 30)}),
        (
            (
                ("RateLimit-Policy", '"burst";q=100;w=60,"day";q=1000;w=86400'),
                ("RateLimit", '"burst";r=50;t=30'),
            ),
            {"burst": Gauge(NOW, 100, 50, NOW + 30), "day": Gauge(NOW, 1000)},
        ),
        ((("x-ratelimit-limit-requests", "many"), ("content-type", "ratelimit")), {}),
    ],
    ids=[
        "openai",
        "anthropic",
        "mistral",
        "mistral-size",
        "openrouter",
        "draft-plain",
        "draft-07",
        "draft-08",
        "nonsense",
    ],
)
def test_gauges(headers, gauges):
    found = read(headers, NOW)
    assert set(found) == set(gauges)
    for name, gauge in gauges.items():
        assert (found[name].limit, found[name].remaining) == (gauge.limit, gauge.remaining)
        assert found[name].resets == (None if gauge.resets is None else pytest.approx(gauge.resets))


def test_a_server_cannot_fill_the_memory():
    headers = tuple((f"x-ratelimit-limit-{number}", "1") for number in range(1000))
    assert len(read(headers, NOW)) == 32


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ratelimit", "ratelimit-policy", "x-ratelimit-reset", "x-ratelimit-limit-a"]),
            st.text(max_size=60),
        )
    )
)
def test_no_header_raises(headers):
    read(tuple(headers), NOW)
