"""Which cassette a call falls to: contexts, threads, executors, tasks, loops, generators, siblings."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import tokentape
from tokentape.errors import AmbiguousCassette, UsageError

pytestmark = pytest.mark.usefixtures("outside")


def asks(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


def in_thread(function, *args):
    done = []
    thread = threading.Thread(target=lambda: done.append(function(*args)))
    thread.start()
    thread.join()
    return done[0]


def test_a_decorated_function(outside, ask, provider):
    @tokentape.use_cassette("tape.json")
    def work(text):
        """What it does."""
        return ask(text)

    first = work("One.")
    assert (work.__name__, work.__doc__) == ("work", "What it does.")
    assert work("One.") == first
    assert provider.count == 1


def test_a_decorated_coroutine_function_and_an_async_block(outside, ask, provider):
    @tokentape.use_cassette("tape.json")
    async def work():
        return ask("One.")

    async def block():
        async with tokentape.use_cassette("tape.json"):
            return ask("One.")

    assert asyncio.iscoroutinefunction(work)
    assert asyncio.run(work()) == asyncio.run(block())
    assert provider.count == 1


def test_a_decorated_generator_has_the_cassette_inside_its_steps_only(outside, ask, provider):
    @tokentape.use_cassette("tape.json")
    def work():
        got = yield ask("One.")
        yield ask(got)
        return "done"

    def run():
        generator = work()
        first = next(generator)
        between = ask("Between.")
        second = generator.send("Two.")
        with pytest.raises(StopIteration) as stop:
            next(generator)
        return first, between, second, stop.value.value

    live = run()
    assert live[3] == "done"
    assert asks(outside / "tape.json") == ["One.", "Two."]
    again = run()
    assert (again[0], again[2]) == (live[0], live[2])
    assert provider.count == 4


def test_exceptions_reach_a_decorated_generator(outside):
    caught = []

    @tokentape.use_cassette("tape.json")
    def work():
        try:
            yield 1
        except KeyError as error:
            caught.append(error)
            yield 2

    generator = work()
    assert next(generator) == 1
    assert generator.throw(KeyError("x")) == 2
    generator.close()
    assert len(caught) == 1


def test_a_decorated_async_generator(outside, ask, provider):
    @tokentape.use_cassette("tape.json")
    async def work():
        for text in ("One.", "Two."):
            yield ask(text)

    async def run():
        got = []
        async for text in work():
            got.append(text)
            ask("Between.")
        return got

    live = asyncio.run(run())
    assert asks(outside / "tape.json") == ["One.", "Two."]
    assert asyncio.run(run()) == live
    assert provider.count == 6


def test_a_class_cannot_be_decorated():
    with pytest.raises(UsageError, match="cannot decorate the class Thing: decorate its functions"):

        @tokentape.use_cassette("tape.json")
        class Thing:
            pass


def test_nested_cassettes_the_inner_one_counts(outside, ask):
    with tokentape.use_cassette("outer.json"):
        ask("One.")
        with tokentape.use_cassette("inner.json"):
            ask("Two.")
        ask("Three.")
    assert asks(outside / "outer.json") == ["One.", "Three."]
    assert asks(outside / "inner.json") == ["Two."]


def test_what_the_inner_one_does_not_take_falls_to_the_outer_one(outside, ask, provider):
    class Nothing(tokentape.Predicates):
        def is_llm_call(self, request):
            return False

    with tokentape.use_cassette("outer.json"), tokentape.use_cassette("inner.json", record=Nothing()):
        ask("One.")
    assert asks(outside / "outer.json") == ["One."]
    assert asks(outside / "inner.json") == []


def test_R49_cassettes_in_two_tasks_do_not_mix(outside, ask):
    async def one(name):
        async with tokentape.use_cassette(f"{name}.json"):
            for number in range(5):
                await asyncio.to_thread(ask, f"{name} {number}")
                await asyncio.sleep(0)

    async def both():
        await asyncio.gather(one("a"), one("b"))

    asyncio.run(both())
    for name in "ab":
        assert asks(outside / f"{name}.json") == [f"{name} {number}" for number in range(5)]


def test_R19_code_without_the_context_falls_to_the_only_cassette(outside, ask):
    pool = ThreadPoolExecutor(1)
    pool.submit(int).result()

    async def earlier(event):
        await event.wait()
        return ask("task")

    async def work():
        event = asyncio.Event()
        task = asyncio.create_task(earlier(event))
        await asyncio.sleep(0)
        async with tokentape.use_cassette("tape.json"):
            event.set()
            await task
            await asyncio.get_running_loop().run_in_executor(None, ask, "executor")
            in_thread(ask, "thread")
            pool.submit(ask, "old pool").result()
            in_thread(lambda: asyncio.run(asyncio.to_thread(ask, "new loop")))

    asyncio.run(work())
    assert sorted(asks(outside / "tape.json")) == ["executor", "new loop", "old pool", "task", "thread"]


def siblings(ask, work):
    """Two cassettes in two tasks; `work` runs while both are open."""

    async def one(name, both_open):
        async with tokentape.use_cassette(f"{name}.json"):
            await both_open.wait()
            try:
                return work(name)
            finally:
                await both_open.wait()

    async def run():
        both_open = asyncio.Barrier(2)
        return await asyncio.gather(one("a", both_open), one("b", both_open), return_exceptions=True)

    return asyncio.run(run())


def test_a_thread_that_cannot_choose_between_siblings_gets_a_typed_error(outside, ask, provider):
    results = siblings(ask, lambda name: in_thread(ask, name))
    assert all(isinstance(result, AmbiguousCassette) for result in results)
    assert "tokentape.bind" in str(results[0])
    assert provider.count == 0


def test_bind_settles_it_for_functions_and_executors(outside, ask):
    def work(name):
        with ThreadPoolExecutor(1) as pool:
            bound = tokentape.bind(pool)
            assert list(bound.map(ask, [f"{name} mapped"]))
            bound.submit(ask, f"{name} submitted").result()
        return in_thread(tokentape.bind(ask), f"{name} called")

    results = siblings(ask, work)
    assert [type(result) for result in results] == [str, str]
    for name in "ab":
        assert asks(outside / f"{name}.json") == [f"{name} mapped", f"{name} submitted", f"{name} called"]


def test_bind_of_a_coroutine_function(outside, ask):
    async def work(name):
        return ask(name)

    results = siblings(ask, lambda name: in_thread(asyncio.run, tokentape.bind(work)(name)))
    assert [type(result) for result in results] == [str, str]
    assert asks(outside / "a.json") == ["a"]


def test_bind_refuses_a_process_pool():
    with ProcessPoolExecutor(1) as pool, pytest.raises(UsageError, match="open the cassette inside"):
        tokentape.bind(pool)


def test_one_store_serves_many_cassettes_and_keeps_metadata(ask):
    store = tokentape.MemoryStore()
    for name in ("one", "two"):
        with tokentape.use_cassette(store, name=name, metadata={"category": name}):
            ask(name)
    assert sorted(store.names()) == ["one", "two"]
    cassette = store.load("two")
    assert dict(cassette.interaction(0).metadata) == {"category": "two"}


def test_the_seam_is_free_again_after_the_block(outside):
    httpx = pytest.importorskip("httpx")
    before = httpx.Client._transport_for_url
    with tokentape.use_cassette("tape.json"):
        assert httpx.Client._transport_for_url is not before
    assert httpx.Client._transport_for_url is before


def test_hosts_are_asked_also_where_all_is_recorded_but_the_transport_is_unknown(outside, provider):
    httpx = pytest.importorskip("httpx")

    class Own(httpx.BaseTransport):
        def __init__(self):
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request):
            return self.inner.handle_request(request)

    def asked(**options):
        with (
            tokentape.use_cassette("own.json", mode="all", errors="record", **options) as deck,
            httpx.Client(transport=Own()) as client,
        ):
            client.get(provider.url + "/v1/files/f")
        return deck.tally.recorded

    assert (asked(), asked(hosts=["127.0.0.1"])) == (0, 1)
