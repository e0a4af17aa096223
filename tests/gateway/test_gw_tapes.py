"""Decks of a gateway: each is open once, whoever comes while one is opened or closed."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tokentape.gateway.call import Naming
from tokentape.gateway.tapes import RecordOptions, Tapes


class Slow:
    """Opening a deck takes until `go` is set; `begun` counts."""

    def __init__(self, tapes):
        self.go, self.open = threading.Event(), tapes._open
        self.opened = []

    def __call__(self, name):
        self.go.wait(10)
        deck = self.open(name)
        self.opened.append(deck)
        return deck


@pytest.fixture
def tapes(tmp_path):
    return Tapes(RecordOptions(root=str(tmp_path)))


def test_who_waits_while_a_deck_is_closed_and_who_comes_then_share_one(tapes, monkeypatch):
    async def scene():
        await tapes.held("a", "")
        slow = Slow(tapes)
        monkeypatch.setattr(tapes, "_open", slow)
        closing = asyncio.create_task(tapes.close("a"))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(tapes.held("a", ""))
        await closing
        later = [asyncio.create_task(tapes.held("a", "")) for _ in range(3)]
        await asyncio.sleep(0)
        slow.go.set()
        found = await asyncio.gather(waiting, *later)
        await tapes.close()
        return slow.opened, found

    opened, found = asyncio.run(scene())
    assert len(opened) == 1
    assert all(held.deck is opened[0] for held in found)
    assert not tapes._turns


def test_a_deck_whose_call_left_while_it_was_opened_is_closed_in_the_end(tapes, monkeypatch):
    async def scene():
        slow = Slow(tapes)
        monkeypatch.setattr(tapes, "_open", slow)
        call = asyncio.create_task(tapes.taken(Naming(), "a"))
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        slow.go.set()
        held = await tapes.held("a", "")
        assert held.users == 0
        return slow.opened, await tapes.close()

    opened, closed = asyncio.run(scene())
    assert (len(opened), closed) == (1, 1)


def test_what_is_being_stored_is_waited_for_before_a_deck_is_closed(tapes, monkeypatch):
    done = []

    async def scene():
        held = await tapes.held("a", "")
        close = held.deck.close
        monkeypatch.setattr(type(held.deck), "close", lambda deck: (done.append("closed"), close()))
        with held.storing:
            closing = asyncio.create_task(tapes.close("a"))
            await asyncio.sleep(0.05)
            done.append("stored")
        await closing

    asyncio.run(scene())
    assert done == ["stored", "closed"]
