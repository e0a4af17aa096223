"""Keys of the gateway's own, and what is remembered of who asks."""

from __future__ import annotations

import hashlib

import pytest
from gw_asks import KEYED, KEYS, OPEN, admitted, asks, refused

from tokentape.errors import UsageError
from tokentape.gateway.keyring import Keyring
from tokentape.gateway.safety import Gate, SafetyOptions
from tokentape.upstreams.upstream import Secret

PLACES = [
    (("authorization", "Bearer ci-key"), "", "authorization"),
    (("Authorization", "bearer ci-key"), "", "authorization"),
    (("x-api-key", "ci-key"), "", "x-api-key"),
    (("api-key", "ci-key"), "", "api-key"),
    (("x-goog-api-key", "ci-key"), "", "x-goog-api-key"),
    (("X-Tokentape-Key", "ci-key"), "", "x-tokentape-key"),
    (("x-other", "1"), "key=ci-key", "?key"),
    (("x-other", "1"), "alt=sse&key=ci%2Dkey", "?key"),
]


@pytest.mark.parametrize(("field", "query", "held"), PLACES)
def test_the_key_may_stand_where_clients_show_keys(field, query, held):
    told = admitted(asks(KEYED, field, query=query))
    assert (told.name, told.fingerprint, told.held) == ("ci", "ci", {held})
    assert (told.client.name, told.client.key) == ("ci", "ci")


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ((), ""),
        ((("authorization", "Bearer wrong"),), ""),
        ((("authorization", "Bearer "),), ""),
        ((("authorization", "Basic ci-key"),), ""),
        ((("authorization", "ci-key"),), ""),
        ((("x-api-key", "CI-KEY"),), ""),
        ((("x-api-key", "ci-key-and-more"),), ""),
        ((("x-api-key", "ci"),), ""),
        ((), "key="),
        ((), "monkey=ci-key"),
        ((("x-tokentape-key", "wrong"), ("authorization", "Bearer ci-key")), ""),
    ],
)
def test_no_other_key_opens(fields, query):
    message = refused(asks(KEYED, *fields, query=query), 401, "key")
    assert "ci-key" not in message
    assert "wrong" not in message


def test_all_keys_are_compared_in_constant_time(monkeypatch):
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr("tokentape.gateway.keyring.hmac.compare_digest", compare)
    ring = Keyring(KEYS, b"s")
    for shown in ("team-key", "ci-key", "none of them", ""):
        compared.clear()
        ring.name_of(shown)
        assert compared == [(32, 32), (32, 32)]


def test_the_gateways_key_is_told_apart_from_the_providers():
    own = ("x-tokentape-key", "ci-key")
    told = admitted(asks(KEYED, own, ("authorization", "Bearer sk-proj-theirs")))
    assert told.held == {"x-tokentape-key"}
    twice = admitted(
        asks(KEYED, ("x-api-key", "ci-key"), ("authorization", "Bearer ci-key"), query="key=ci-key")
    )
    assert twice.held == {"x-api-key", "authorization", "?key"}
    assert admitted(asks(OPEN, ("authorization", "Bearer sk-proj-theirs"))).held == frozenset()


def test_keys_have_names_of_their_own():
    for keys in (
        (("a", Secret("x")), ("a", Secret("y"))),
        (("a b", Secret("x")),),
        (("-", Secret("x")),),
        (("", Secret("x")),),
        (("a:b", Secret("x")),),
    ):
        with pytest.raises(UsageError, match="named|name"):
            Gate(SafetyOptions(keys=keys))
    with pytest.raises(UsageError, match="is empty"):
        Gate(SafetyOptions(keys=(("a", Secret("")),)))


# What is remembered of who asks


def test_a_client_without_any_key_is_nobody():
    assert admitted(asks()).client.key == "-"


def test_a_client_of_the_gateways_is_its_keys_name_and_a_new_key_changes_nothing():
    before = Gate(SafetyOptions(keys=(("team", Secret("old")),)))
    after = Gate(SafetyOptions(keys=(("team", Secret("new")),)))
    one, other = (admitted(asks(gate, ("x-api-key", key))) for gate, key in ((before, "old"), (after, "new")))
    assert one.fingerprint == other.fingerprint == "team"


def test_clients_that_show_providers_keys_are_kept_apart():
    def seen(gate: Gate, *fields: tuple[str, str]) -> str:
        return admitted(asks(gate, *fields)).fingerprint

    first, second = ("authorization", "Bearer sk-one"), ("authorization", "Bearer sk-two")
    assert seen(OPEN, first) == seen(OPEN, first) == seen(OPEN, ("x-api-key", "sk-one"))
    assert seen(OPEN, first) != seen(OPEN, second)
    own = ("x-tokentape-key", "ci-key")
    assert (
        len(
            {
                seen(KEYED, own),
                seen(KEYED, own, first),
                seen(KEYED, own, second),
                seen(KEYED, ("x-tokentape-key", "team-key"), first),
            }
        )
        == 4
    )
    signed = ("authorization", "AWS4-HMAC-SHA256 Credential=AKIA1/x, Signature=1")
    again = ("authorization", "AWS4-HMAC-SHA256 Credential=AKIA1/y, Signature=2")
    assert seen(OPEN, signed) == seen(OPEN, again) != "-"


def test_a_fingerprint_says_nothing_without_the_salt():
    ring, other = Keyring((), b"one"), Keyring((), b"two")
    assert ring.fingerprint("ollama") != other.fingerprint("ollama")
    assert Keyring((), b"one").fingerprint("ollama") == ring.fingerprint("ollama")
    assert Keyring(()).fingerprint("ollama") != Keyring(()).fingerprint("ollama")
    assert ring.fingerprint("ollama") not in hashlib.sha256(b"ollama").hexdigest()
    assert len(ring.fingerprint("x" * 1000)) == 16


def test_nothing_shows_a_key():
    options = SafetyOptions(keys=KEYS)
    assert "ci-key" not in repr(options) + repr(admitted(asks(KEYED, ("x-api-key", "ci-key"))))
