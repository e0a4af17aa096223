"""Interceptors or guard that cannot be put in place leave nothing behind: no patch, no hold, no open deck."""

from __future__ import annotations

import socket

import pytest

import tokentape
from tokentape import active, deck, forks
from tokentape.guard import holding
from tokentape.interceptors import registry

pytestmark = pytest.mark.usefixtures("outside")


class Broken(Exception):
    """What goes wrong."""


def fails(*args):
    raise Broken


@pytest.fixture
def broken_guard(monkeypatch):
    """A guard whose last place cannot be put in place; the others can."""
    monkeypatch.setitem(holding.PLACES, "subprocess", fails)


@pytest.fixture
def opened(monkeypatch):
    """The decks that were opened."""
    decks = []
    monkeypatch.setattr(deck.forks, "follow", lambda one: (decks.append(one), forks._followers.add(one)))
    return decks


def block():
    with tokentape.use_cassette("tape.json"):
        pytest.fail("it must not get here")


def decorated():
    tokentape.use_cassette("tape.json")(block)()


@pytest.mark.usefixtures("broken_guard")
@pytest.mark.parametrize("way", [block, decorated, lambda: tokentape.install("tape.json")])
def test_a_guard_that_fails(way, opened):
    with pytest.raises(Broken):
        way()
    assert [one.is_closed for one in opened] == [True]
    assert not active.open_decks()
    assert not tokentape.is_installed()
    assert "connect" not in vars(socket.socket)
    assert registry._registry[0]._holds == 0


@pytest.mark.parametrize("way", [block, lambda: tokentape.install("tape.json")])
def test_interceptors_that_fail(way, opened, monkeypatch):
    monkeypatch.setattr(registry, "hold", fails)
    with pytest.raises(Broken):
        way()
    assert [one.is_closed for one in opened] == [True]
    assert "connect" not in vars(socket.socket)


def test_the_next_one_finds_all_in_order(monkeypatch, ask):
    with monkeypatch.context() as meanwhile, pytest.raises(Broken):
        meanwhile.setitem(holding.PLACES, "subprocess", fails)
        block()
    with tokentape.use_cassette("tape.json") as tape:
        assert "connect" in vars(socket.socket)
        ask("Hello?")
    assert tape.tally.recorded == 1
    assert "connect" not in vars(socket.socket)
