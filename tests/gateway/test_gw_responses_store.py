"""The stores by themselves, and what becomes of answers when a store fails."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import tempfile
import threading
from dataclasses import replace

import pytest
from gw_responses_calls import Upstream, ask, get, stream
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tokentape.errors import UsageError
from tokentape.gateway.responses.memory import MemoryStore
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.responses.service import Responses
from tokentape.gateway.responses.sqlite import SqliteStore
from tokentape.gateway.responses.sqlitefile import VERSION
from tokentape.gateway.responses.store import StoreFailed, open_store
from tokentape.gateway.responses.stored import Stored, packed


def record(identity, status="completed", client="a", **more):
    body = packed({"id": identity, "output": [{"id": f"msg_{identity}"}]})
    return Stored(identity, client, 1.0, status, b"[]", body, **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def options(path):
    return StateOptions(store=f"sqlite:{path}")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("tokentape.gateway.responses.sqlitefile.PATIENCE", 0.05)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


IDS = st.sampled_from([f"resp_{number}" for number in range(6)])
CLIENTS = st.sampled_from("ab")


class BothStores(RuleBasedStateMachine):
    """Memory and SQLite say the same, whatever is done to them."""

    @initialize(items=st.integers(1, 4), size=st.sampled_from([1_500, 3_000, 1_000_000]))
    def open(self, items, size):
        self.clock = Clock()
        options = StateOptions(max_items=items, max_bytes=size, ttl=50.0)
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "state.db")
        self.stores = MemoryStore(options, self.clock), SqliteStore(path, options, self.clock)
        self.made = []

    def both(self, name, *given):
        memory, base = (getattr(store, name)(*given) for store in self.stores)
        assert memory == base, name

    @rule(identity=IDS, client=CLIENTS, status=st.sampled_from(["completed", "queued"]), data=st.data())
    def put(self, identity, client, status, data):
        if identity in self.made:
            return
        uses = [one for one in self.made if data.draw(st.booleans())]  # ancestors, the oldest first
        self.made.append(identity)
        self.clock.now += 1.0
        given = record(identity, status, client, worker="w", conversation=data.draw(CLIENTS))
        self.both("put", given, uses, ())

    @rule(
        identity=IDS,
        status=st.sampled_from(["in_progress", "completed", "cancelled"]),
        events=st.integers(0, 3),
    )
    def change(self, identity, status, events):
        told = self.stores[0].told(identity, -1)
        after = told[-1][0] + 1 if told else 0  # numbers only grow
        events = [(number, b'{"type":"x"}') for number in range(after, after + events)]
        self.both("change", identity, status, packed({"id": identity, "output": []}), (), events)

    @rule(identity=IDS, client=CLIENTS)
    def delete(self, identity, client):
        self.both("delete", client, identity)

    @rule(seconds=st.floats(0.5, 60.0))
    def wait(self, seconds):
        self.clock.now += seconds

    @invariant()
    def equal(self):
        for client in "ab":
            for identity in sorted(getattr(self, "made", ())):
                self.both("get", client, identity)
                self.both("holder", client, f"msg_{identity}") if self._lives(client, identity) else None
        for identity in sorted(getattr(self, "made", ())):
            if any(self._lives(client, identity) for client in "ab"):
                self.both("told", identity, -1)
                self.both("stopped", (identity,))

    def _lives(self, client, identity):
        return self.stores[0].get(client, identity) is not None

    def teardown(self):
        for store in getattr(self, "stores", ()):
            store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_many_threads_of_many_connections(options):
    stores = [SqliteStore(options.store.removeprefix("sqlite:"), options, Clock()) for _ in range(3)]

    def fill(nth):
        for number in range(50):
            stores[nth].put(record(f"resp_{nth}_{number}"))

    threads = [threading.Thread(target=fill, args=(nth,)) for nth in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for nth in range(3):
        for number in range(50):
            assert stores[(nth + 1) % 3].get("a", f"resp_{nth}_{number}") is not None
    for store in stores:
        store.close()


def test_totals_are_kept_by_the_file_itself(options, path):
    store = SqliteStore(str(path), options, Clock())
    for number in range(5):
        store.put(record(f"resp_{number}", "queued", worker="w"), (), [(0, b"{}")])
    store.change("resp_0", "completed", packed({"output": ["x" * 500]}), (), [(1, b"{}")])
    store.delete("a", "resp_1")
    store.close()
    with sqlite3.connect(path) as base:
        counted = base.execute("SELECT count(*), sum(size) FROM response").fetchone()
        assert base.execute("SELECT responses, bytes FROM total").fetchone() == counted
        assert base.execute("SELECT count(*) FROM event").fetchone() == (5,)
    base.close()


def test_the_seal_is_the_same_for_all_who_share_the_file(options, path):
    one, two = (SqliteStore(str(path), options, Clock()) for _ in range(2))
    assert one.seal == two.seal
    one.close()
    two.close()


@pytest.mark.parametrize("store", ["", "sqlite", "sqlite:", "memory:x", "postgres:x"])
def test_a_store_that_nobody_knows(store):
    with pytest.raises(UsageError, match="memory"):
        open_store(StateOptions(store=store), Clock())


def _newer(path):
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {VERSION + 1}")
    base.close()


def _foreign(path):
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE other (x)")
    base.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_bytes(b"no database " * 100), "not a SQLite database"),
        (_foreign, "another program's database"),
        (lambda path: path.mkdir(), "directory"),
        (lambda path: SqliteStore(str(path), StateOptions(), Clock()).close() or _newer(path), "upgrade"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_clear_line(path, spoil, why):
    spoil(path)
    with pytest.raises(StoreFailed) as caught:
        SqliteStore(str(path), StateOptions(), Clock())
    assert why in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreFailed, match="make it writable"):
        SqliteStore(str(tmp_path / "x.db"), StateOptions(), Clock())
    tmp_path.chmod(0o700)


@pytest.fixture
def locked(options, path, impatient):
    """A service whose file another process keeps for itself from `begin` to `end`."""
    service = Responses(options, Upstream(stream()), Clock())
    blocker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    yield service, blocker
    blocker.close()
    service.keeping.store.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("streaming", [False, True])
async def test_a_locked_file_costs_no_answer(locked, caplog, streaming):
    service, blocker = locked
    blocker.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.WARNING, "tokentape"):
        outlet = await ask(service, {"model": "m", "input": "hi", "stream": streaming})
    whole = outlet.events[-1]["response"] if streaming else outlet.json
    assert (outlet.status, whole["status"], whole["store"]) == (200, "completed", False)
    assert whole["output"][0]["content"][0]["text"] == "Hello."
    assert "has been writing to it for too long; end that process" in caplog.text
    assert caplog.text.count("is not kept") == 1
    blocker.execute("ROLLBACK")
    assert (await get(service, whole["id"])).status == 404
    assert (await ask(service, {"model": "m", "input": "hi"})).json["store"] is True


@pytest.mark.asyncio
async def test_a_full_disk_costs_no_answer(options, caplog):
    service = Responses(options, Upstream(stream(text="x" * 100_000)), Clock())
    base = service.keeping.store._file._connection
    pages = base.execute("PRAGMA page_count").fetchone()[0]
    base.execute(f"PRAGMA max_page_count = {pages + 2}")
    with caplog.at_level(logging.WARNING, "tokentape"):
        outlet = await ask(service, {"model": "m", "input": "hi"})
    assert outlet.json["output"][0]["content"][0]["text"] == "x" * 100_000
    assert outlet.json["store"] is False
    assert "no space left on device" in caplog.text
    service.keeping.store.close()


@pytest.mark.asyncio
async def test_a_background_response_that_cannot_be_kept_is_refused_before_anything_is_paid(locked):
    service, blocker = locked
    blocker.execute("BEGIN IMMEDIATE")
    outlet = await ask(service, {"model": "m", "input": "hi", "background": True})
    assert outlet.status == 503
    assert "cannot be written" in outlet.error["message"]
    assert not service._answering.seen
    blocker.execute("ROLLBACK")


@pytest.mark.asyncio
async def test_a_store_that_cannot_be_read_is_one_clear_error(options):
    service = Responses(options, Upstream(stream()), Clock())
    service.keeping.store.close()
    for outlet in (
        await get(service, "resp_1"),
        await ask(service, {"model": "m", "input": "x", "previous_response_id": "resp_1"}),
    ):
        assert outlet.status == 503
        assert "the store of responses" in outlet.error["message"]
        assert outlet.error["code"] == "server_error"
    assert not service._answering.seen


@pytest.mark.asyncio
async def test_what_was_begun_is_done_though_nobody_waits(options):
    service = Responses(options, Upstream(stream()), Clock())
    store, begun = service.keeping.store, threading.Event()
    go_on = threading.Event()

    def slow():
        begun.set()
        go_on.wait(10)
        store.put(record("resp_1", client="-"))

    task = asyncio.create_task(service.keeping.ask(slow))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.wait([task])
    go_on.set()
    assert (await get(service, "resp_1")).status == 200
    await service.aclose()


def test_running_responses_are_never_evicted(options, path):
    limited = replace(options, max_items=1)
    store = SqliteStore(str(path), limited, Clock())
    for number in range(3):
        store.put(record(f"resp_{number}", "in_progress", worker="w"))
    assert all(store.get("a", f"resp_{number}") for number in range(3))
    store.close()


def test_our_own_folder_keeps_itself_out_of_git_and_others_are_left_alone(tmp_path):
    for folder in (".tokentape", "elsewhere"):
        made = SqliteStore(str(tmp_path / folder / "x.db"), StateOptions(), Clock())
        made.close()
    assert (tmp_path / ".tokentape" / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / "elsewhere" / ".gitignore").exists()
