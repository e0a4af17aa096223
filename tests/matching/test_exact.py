"""The digest of the fast path: equal digests mean equal keys."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from matching_requests import CHAT, OTHER, chat, post
from matching_samples import sample_requests

from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher
from tokentape.wire.message import Request

exact = Matcher().exact

requests = st.builds(
    Request,
    st.sampled_from(["GET", "post", "POST"]),
    st.sampled_from([CHAT, OTHER, f"{OTHER}?a=1", "http://localhost:1/x", "http://127.0.0.1:2/x"]),
    st.sampled_from([(), (("Content-Type", "a/b"),), (("x-retry", "1"),)]),
    st.sampled_from([None, b"", b"{}", b'{"a":1}', b"x"]),
)


@settings(max_examples=200, deadline=None)
@given(requests, requests, st.sampled_from(["default", "strict", "exact", "default,headers.x-retry"]))
def test_equal_digests_mean_equal_keys(one, other, match_on):
    matcher = Matcher(MatchOn.of(match_on))
    if matcher.exact(one) == matcher.exact(other):
        assert matcher.key(one) == matcher.key(other)


def test_what_counts():
    base = exact(chat())
    assert len(base) == 16
    assert base != exact(chat(temperature=1))
    assert base != exact(post(f"{CHAT}?a=1", chat().body))
    assert base != exact(Request("PUT", CHAT, chat().headers, chat().body))
    assert base != exact(post(OTHER, chat().body))
    assert base == exact(
        Request("post", CHAT + "#part", (*chat().headers, ("x-stainless-retry-count", "1")), chat().body)
    )


def test_a_local_server_on_another_port_is_the_same():
    one, other = (
        post(f"http://{host}/v1/chat/completions", {}) for host in ("localhost:1234", "user@[::1]:80")
    )
    assert exact(one) == exact(other)
    strict = Matcher(MatchOn.of("strict")).exact
    assert strict(one) != strict(other)


def test_named_headers_count():
    one, other = (Request("POST", CHAT, (("X-Beta", value),), b"{}") for value in "ab")
    assert exact(one) == exact(other)
    matcher = Matcher(MatchOn.of("default,headers.x-beta"))
    assert matcher.exact(one) != matcher.exact(other)


def test_samples_with_one_digest_have_one_key():
    key_of: dict[str, str] = {}
    for request in sample_requests().values():
        key = Matcher().key(request)
        assert key_of.setdefault(exact(request), key) == key
