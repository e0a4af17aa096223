"""Decks of a gateway: each is open once, whoever comes while one is opened or closed."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tokentape.gateway.call import Naming
from tokentape.gateway.offline import CassetteSender
from tokentape.gateway.tapes import RecordOptions, Tapes
from tokentape.outcomes import Replay
from tokentape.upstreams.upstream import Times
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response


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


@pytest.mark.parametrize("is_paced", [False, True])
def test_an_upstream_that_is_a_cassette_takes_its_time_if_paced(tapes, monkeypatch, is_paced):
    """The cassette is in use meanwhile, and no more once nobody waits."""
    request = Request("POST", "http://localhost/v1/chat/completions", (), b"{}")
    reply = Response(200, "OK", (), b"{}")
    recorded = Interaction("", request, reply, Ended(How.EOF), Timing("", head_ms=3_600_000))

    async def scene():
        held = await tapes.held("canned", "")
        monkeypatch.setattr(type(held.deck), "begin", lambda deck, request: Replay(recorded, pace=is_paced))
        sent = asyncio.create_task(CassetteSender(tapes, "canned").send(request, Times()))
        await asyncio.wait({sent}, timeout=0.05 if is_paced else 10)
        seen = (sent.done(), held.users)
        sent.cancel()
        await asyncio.wait({sent})
        if not sent.cancelled():
            sent.result().close()
        await tapes.close()
        return seen, held.users

    assert asyncio.run(scene()) == ((not is_paced, 1), 0)
