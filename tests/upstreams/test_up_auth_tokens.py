"""Tokens: kept, renewed in time, asked for once however many wait."""

from __future__ import annotations

import asyncio

import pytest
from up_wire import Clock

from tokentape.upstreams.auth.tokens import Token, Tokens
from tokentape.upstreams.upstream import AuthFailed, Secret


class Counted:
    """Makes tokens t1, t2, ... when the test lets it."""

    def __init__(self, lifetime: float | None = 3600.0) -> None:
        self.asked = 0
        self.lifetime = lifetime
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False

    async def __call__(self, secret: Secret | None) -> Token:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        if self.fails:
            raise AuthFailed("no token today")
        return Token(Secret(f"t{number}"), self.lifetime)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_hundred_calls_wait_for_one_token():
    async def scenario():
        made = Counted()
        made.open.clear()
        tokens = Tokens(made, Clock())
        waiting = [asyncio.create_task(tokens.token(None)) for _ in range(100)]
        await settled()
        made.open.set()
        return made.asked, {(await one).reveal() for one in waiting}

    assert asyncio.run(scenario()) == (1, {"t1"})


def test_who_gives_up_waiting_takes_the_token_from_nobody():
    async def scenario():
        made = Counted()
        made.open.clear()
        tokens = Tokens(made, Clock())
        first, second = (asyncio.create_task(tokens.token(None)) for _ in range(2))
        await settled()
        first.cancel()
        await settled()
        made.open.set()
        return (await second).reveal(), made.asked

    assert asyncio.run(scenario()) == ("t1", 1)


def test_a_token_is_renewed_behind_the_calls_backs_before_it_ends():
    async def scenario():
        made, clock = Counted(3600.0), Clock()
        tokens = Tokens(made, clock)
        seen = [(await tokens.token(None)).reveal()]
        clock.at += 3200  # 400 seconds left
        seen.append((await tokens.token(None)).reveal())
        clock.at += 150  # 250 left: still good, and time for another
        made.open.clear()
        seen.append((await tokens.token(None)).reveal())
        await settled()
        made.open.set()
        await settled()
        seen.append((await tokens.token(None)).reveal())
        return seen, made.asked

    assert asyncio.run(scenario()) == (["t1", "t1", "t1", "t2"], 2)


def test_a_token_that_is_as_good_as_gone_is_not_used():
    async def scenario():
        made, clock = Counted(3600.0), Clock()
        tokens = Tokens(made, clock)
        await tokens.token(None)
        clock.at += 3580
        return (await tokens.token(None)).reveal()

    assert asyncio.run(scenario()) == "t2"


def test_a_renewal_that_fails_is_told_only_when_the_token_is_gone():
    async def scenario():
        made, clock = Counted(3600.0), Clock()
        tokens = Tokens(made, clock)
        await tokens.token(None)
        made.fails = True
        clock.at += 3400
        early = (await tokens.token(None)).reveal()
        await settled()
        clock.at += 190
        with pytest.raises(AuthFailed, match="no token today"):
            await tokens.token(None)
        made.fails = False
        return early, (await tokens.token(None)).reveal()

    assert asyncio.run(scenario()) == ("t1", "t4")


def test_short_and_unknown_lives():
    async def scenario():
        clock = Clock()
        short, unknown = Tokens(Counted(40.0), clock), Tokens(Counted(None), clock, 300.0)
        first = [(await tokens.token(None)).reveal() for tokens in (short, unknown)]
        clock.at += 37
        second = [(await tokens.token(None)).reveal() for tokens in (short, unknown)]
        clock.at += 220
        return first, second, (await unknown.token(None)).reveal()

    assert asyncio.run(scenario()) == (["t1", "t1"], ["t2", "t1"], "t1")


def test_each_credential_has_its_own_token():
    async def scenario():
        tokens = Tokens(Counted(), Clock())
        one, other = Secret("a"), Secret("b")
        return [(await tokens.token(which)).reveal() for which in (one, other, one, None)]

    assert asyncio.run(scenario()) == ["t1", "t2", "t1", "t3"]


def test_a_refused_token_is_renewed_once_for_all_who_were_refused():
    async def scenario():
        made, clock = Counted(), Clock()
        tokens = Tokens(made, clock)
        await tokens.token(None)
        again = await asyncio.gather(*(tokens.refused(None) for _ in range(50)))
        late = await tokens.refused(None)  # it was refused with the old one, too
        clock.at += 1000
        later = await tokens.refused(None)
        return set(again), late, later, made.asked, (await tokens.token(None)).reveal()

    assert asyncio.run(scenario()) == ({True}, True, True, 3, "t3")


def test_nothing_is_asked_again_where_no_token_was_or_none_comes():
    async def scenario():
        made = Counted()
        tokens = Tokens(made, Clock())
        never = await tokens.refused(None)
        await tokens.token(None)
        made.fails = True
        return never, await tokens.refused(None), made.asked

    assert asyncio.run(scenario()) == (False, False, 2)
