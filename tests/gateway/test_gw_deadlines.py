"""Deadlines: what they bound ends in time, and everything else is left alone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tokentape.gateway.deadlines import SOON, Line, Stall, Within, line


async def never():
    await asyncio.Event().wait()


@pytest.mark.parametrize("seconds", [0.001, SOON / 2, SOON * 1.5])
def test_what_lasts_too_long_ends(seconds):
    async def run():
        with pytest.raises(TimeoutError), Within(seconds) as within:
            await never()
        assert within.expired
        assert asyncio.current_task().cancelling() == 0

    asyncio.run(run())


def test_without_seconds_there_is_no_deadline():
    async def run():
        with Within(None) as within:
            await asyncio.sleep(0)
        assert not within.expired

    asyncio.run(run())


def test_what_is_over_in_time_is_not_touched_later():
    async def run():
        with Within(60):
            await asyncio.sleep(0)
        with Within(60):
            await asyncio.sleep(SOON * 1.2)
        await asyncio.sleep(SOON * 2)
        assert line(asyncio.get_running_loop())._since == {}

    asyncio.run(run())


def test_other_errors_go_through():
    async def run():
        with pytest.raises(KeyError), Within(60):
            raise KeyError

    asyncio.run(run())


def test_a_cancellation_by_another_stays_one():
    async def bounded():
        with Within(60):
            await never()

    async def run():
        task = asyncio.create_task(bounded())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert line(asyncio.get_running_loop())._since == {}

    asyncio.run(run())


def test_the_inner_of_two_ends_alone():
    async def run():
        with Within(60):
            with pytest.raises(TimeoutError), Within(0.001):
                await never()
            await asyncio.sleep(0)

    asyncio.run(run())


def test_those_in_line_are_late_in_their_order():
    class One:
        def __init__(self, said, name):
            self.said, self.name = said, name

        def late(self):
            self.said.append(self.name)

    async def run():
        said = []
        queue = Line(asyncio.get_running_loop())
        first, second, third = (One(said, name) for name in "abc")
        for one in (first, second, third):
            queue.enter(one)
        queue.leave(second)
        queue.leave(second)
        while len(said) < 2:
            await asyncio.sleep(SOON)
        assert said == ["a", "c"]

    asyncio.run(run())


def test_each_loop_has_its_line():
    async def mine():
        return line(asyncio.get_running_loop())

    found = [asyncio.run(mine()), asyncio.run(mine())]
    other = threading.Thread(target=lambda: found.append(asyncio.run(mine())))
    other.start()
    other.join()
    assert len(set(map(id, found))) == 3


class Skipping(asyncio.SelectorEventLoop):
    """Nothing takes time but waiting for a time: it comes at once."""

    now = 0.0

    def __init__(self):
        super().__init__()
        select = self._selector.select

        def skipped(timeout):
            self.now += timeout or 1e-6
            return select(0)

        self._selector.select = skipped

    def time(self):
        return self.now


def test_a_stall_counts_waits_only():
    async def run():
        with Stall(0.03) as stall:
            for _ in range(4):
                stall.begins()
                await asyncio.sleep(0.01)
                stall.ends()
            await asyncio.sleep(0.06)
            assert asyncio.get_running_loop().time() >= 0.1
        assert not stall.expired

    with asyncio.Runner(loop_factory=Skipping) as runner:
        runner.run(run())


def test_a_stall_ends_the_wait():
    async def run():
        with pytest.raises(TimeoutError), Stall(0.01) as stall:
            stall.begins()
            stall.ends()
            stall.begins()
            await never()
        assert stall.expired
        assert asyncio.current_task().cancelling() == 0

    asyncio.run(run())


def test_without_a_bound_nothing_stalls():
    async def run():
        with Stall(None) as stall:
            stall.begins()
            await asyncio.sleep(0)
            stall.ends()
        assert not stall.expired

    asyncio.run(run())
