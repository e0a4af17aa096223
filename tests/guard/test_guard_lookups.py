"""Names and the addresses that they were found at; tickets for lookups that another thread carries out."""

from __future__ import annotations

import pytest

from tokentape.guard import lookups


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    monkeypatch.setattr(lookups, "_names", {})


def answer(*addresses):
    return [(2, 1, 6, "", (address, 80)) for address in addresses]


def test_the_latest_name_comes_first():
    lookups.learn("a.example.com", answer("192.0.2.1", "192.0.2.2"))
    lookups.learn("B.example.com.", answer("192.0.2.1"))
    lookups.learn("a.example.com", answer("192.0.2.2"))
    assert lookups.names_of("192.0.2.1") == ("b.example.com", "a.example.com")
    assert lookups.names_of("192.0.2.2") == ("a.example.com",)
    assert lookups.names_of("192.0.2.3") == ()


def test_an_address_is_no_name_of_itself():
    lookups.learn("192.0.2.1", answer("192.0.2.1"))
    assert lookups.names_of("192.0.2.1") == ()


def test_what_is_no_answer_of_getaddrinfo_teaches_nothing():
    lookups.learn("a.example.com", "192.0.2.1")
    assert lookups.names_of("192.0.2.1") == ()


def test_memory_is_bounded():
    for number in range(lookups.MOST + 10):
        lookups.learn("a.example.com", answer(f"address-{number}"))
    for number in range(lookups.NAMES_EACH + 5):
        lookups.learn(f"n{number}.example.com", answer("address-20"))
    assert len(lookups._names) == lookups.MOST
    assert lookups.names_of("address-0") == ()
    assert len(lookups.names_of("address-20")) == lookups.NAMES_EACH


def test_a_ticket_holds_as_long_as_somebody_waits():
    with lookups.ticket("a"):
        with lookups.ticket("a"):
            assert lookups.has_ticket("a")
        assert lookups.has_ticket("a")
        assert not lookups.has_ticket("b")
    assert not lookups.has_ticket("a")
    assert not lookups._tickets
