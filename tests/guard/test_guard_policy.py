"""Who decides, and what passes: modes, nesting, this machine, hosts that are allowed, blocks of the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from ways_out import create_connection, executor, place, raw

import tokentape
from tokentape.errors import CassetteNotFound, NetworkBlocked, ReplayMiss, UsageError
from tokentape.testing.provider import Provider

CALL = {"model": "m", "messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(autouse=True)
def _uninstalled():
    yield
    with contextlib.suppress(NetworkBlocked):
        tokentape.uninstall()


@pytest.mark.parametrize("mode", ["once", "new_episodes", "refresh", "all", "off"])
def test_only_mode_none_holds_back(tape, mode, abroad):
    with tokentape.use_cassette(tape, mode=mode):
        raw(abroad.url)
    assert abroad.count == 1


def test_without_a_cassette_nothing_is_held_back(abroad):
    raw(abroad.url)
    assert abroad.count == 1


@pytest.mark.parametrize("mode", ["all", "off"])
def test_the_innermost_cassette_decides(tape, outside, mode, abroad):
    with tokentape.use_cassette(tape, mode="none"):
        with tokentape.use_cassette(outside / "inner.json", mode=mode):
            raw(abroad.url)
            executor(abroad.url)
    assert abroad.count == 2
    with pytest.raises(NetworkBlocked):
        with tokentape.use_cassette(outside / "outer.json", mode="all"):
            with tokentape.use_cassette(tape, mode="none"):
                raw(abroad.url)
    assert abroad.count == 0


def test_one_that_neither_sends_nor_forbids_leaves_it_to_the_one_around_it(tape, outside, ask, abroad):
    with tokentape.use_cassette(outside / "full.json", mode="once"):
        ask()
    with pytest.raises(NetworkBlocked):
        with tokentape.use_cassette(tape, mode="none"):
            with tokentape.use_cassette(outside / "full.json", mode="once"):
                raw(abroad.url)
    assert abroad.count == 0


def test_tasks_with_a_cassette_each_do_not_mix(tape, outside, abroad):
    """One records, the other replays; names are looked up in threads that have no context."""

    async def recording():
        with tokentape.use_cassette(outside / "live.json", mode="all"):
            both.set()
            _, writer = await asyncio.open_connection(*place(abroad.url))
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
            writer.close()
            await done.wait()

    async def replaying():
        await both.wait()
        with tokentape.use_cassette(tape, mode="none"):
            try:
                await asyncio.open_connection(*place(abroad.url))
            finally:
                done.set()

    async def main():
        return await asyncio.gather(recording(), replaying(), return_exceptions=True)

    both, done = asyncio.Event(), asyncio.Event()
    first, second = asyncio.run(main())
    assert first is None
    assert isinstance(second, NetworkBlocked)
    assert abroad.count == 1


def test_a_thread_that_may_be_meant_by_a_cassette_in_mode_none_is_held_back(tape, outside, abroad):
    """Siblings are open, and the thread has no context: what one of them forbids does not go out."""
    errors = []

    def try_it():
        with contextlib.suppress(NetworkBlocked):
            raw(abroad.url)
            errors.append("went out")

    async def open_one(path, mode, opened, close):
        with contextlib.suppress(NetworkBlocked), tokentape.use_cassette(path, mode=mode):
            opened.set()
            await close.wait()

    async def main():
        one, two, close = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks = [
            asyncio.create_task(open_one(tape, "none", one, close)),
            asyncio.create_task(open_one(outside / "live.json", "all", two, close)),
        ]
        await asyncio.gather(one.wait(), two.wait())
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        close.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert errors == []
    assert abroad.count == 0


def test_this_machine_passes(tape):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with tokentape.use_cassette(tape, mode="none"):
            for host in ("127.0.0.1", "localhost", "127.1", "0.0.0.0", ""):
                with socket.socket() as one:
                    one.connect((host, port))
            socket.getaddrinfo(socket.gethostname(), None)
            socket.getaddrinfo(None, port)
            socket.getaddrinfo("192.0.2.1", port, flags=socket.AI_NUMERICHOST)


def test_unix_sockets_and_pairs_pass(tape, outside):
    path = str(outside / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        with tokentape.use_cassette(tape, mode="none"), socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
            left, right = socket.socketpair()
            left.sendall(b"x")
            assert right.recv(1) == b"x"
            left.close()
            right.close()


@pytest.fixture
def recorded(provider, outside, ask):
    """A cassette that was recorded from a server of this machine, and that server's port."""
    path = outside / "local.json"
    with tokentape.use_cassette(path, mode="once"):
        ask()
    return path, int(provider.url.rpartition(":")[2])


def test_the_port_that_the_cassette_stands_for_is_held_back(recorded, provider, ask):
    path, port = recorded
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(NetworkBlocked, match=rf":{port}, .*and replays what is at this port"):
            with tokentape.use_cassette(path, mode="none"):
                ask()
                create_connection(f"http://127.0.0.1:{other.getsockname()[1]}/")
                create_connection(f"http://localhost:{port}/")
    assert provider.count == 1


def test_it_is_held_back_under_any_name_of_this_machine(recorded):
    path, port = recorded
    for host in ("127.0.0.1", "::ffff:127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with pytest.raises(NetworkBlocked), tokentape.use_cassette(path, mode="none"):
            with socket.socket(family) as one:
                one.connect((host, port))


@pytest.mark.parametrize("options", [{"hosts": ["localhost:PORT"]}, {"record": "PREDICATES"}])
def test_the_port_that_a_predicate_names_is_held_back(tape, provider, options):
    port = provider.url.rpartition(":")[2]
    named = [f"localhost:{port}"]
    given = {"hosts": named} if "hosts" in options else {"record": tokentape.DefaultPredicates(hosts=named)}
    with pytest.raises(NetworkBlocked), tokentape.use_cassette(tape, mode="none", **given):
        raw(provider.url)


def test_an_allowed_name_may_be_looked_up_and_reached(tape, provider, monkeypatch):
    """Whoever has only the address of an allowed name may have looked it up before the cassette was in force."""
    port = int(provider.url.rpartition(":")[2])
    real = socket._socket.getaddrinfo

    def resolver(host, *rest):
        if host in ("db.example.com", b"db.example.com"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.77", port))]
        return real(host, *rest)

    def dialled(self, address):
        reached.append(address)

    monkeypatch.setattr(socket._socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", dialled, raising=False)
    reached = []
    with tokentape.use_cassette(tape, mode="none", allow_hosts=["db.example.com"]):
        with socket.socket() as one:
            one.connect(("192.0.2.77", port))
        create_connection(f"http://db.example.com:{port}/")
    with pytest.raises(NetworkBlocked, match=r"db\.example\.com \(192\.0\.2\.77\)"):
        with tokentape.use_cassette(tape, mode="none", allow_hosts=["db.example.com:1"]):
            with socket.socket() as one:
                one.connect(("192.0.2.77", port))
    assert reached == [("192.0.2.77", port)] * 2


def test_a_wrong_host_is_an_error_at_once(tape):
    with pytest.raises(UsageError, match="allow_hosts: 'https://x' is no host"):
        tokentape.use_cassette(tape, allow_hosts=["https://x"])


def test_hosts_of_the_project_are_allowed(tape, outside, abroad):
    (outside / "pyproject.toml").write_text(f'[tool.tokentape]\nallow_hosts = ["{abroad.host}/32"]\n')
    with tokentape.use_cassette(tape, mode="none"):
        raw(abroad.url)
    assert abroad.count == 1


class Breaking:
    """A store over another one, whose cassettes fail once they are in force."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def load(self, name):
        cassette = self.inner.load(name)
        cassette.interaction = cassette.answer = self._fail
        return cassette

    def _fail(self, *_):
        raise ConnectionResetError("the store hung up")


def test_R16_a_store_that_breaks_lets_nothing_out(provider, ask, abroad):
    store = tokentape.MemoryStore()
    with tokentape.use_cassette(store, name="tape", mode="once"):
        ask()
    with pytest.raises(tokentape.TokentapeError) as caught:
        with tokentape.use_cassette(Breaking(store), name="tape", mode="none") as deck:
            assert "the store hung up" in ask()
            for url in (abroad.url, provider.url):
                with pytest.raises(NetworkBlocked):
                    raw(url)
    assert "the store hung up" in str(caught.value)
    assert {type(error).__name__ for error in deck.errors} == {"ReplayError", "NetworkBlocked"}
    assert abroad.count == 0
    assert provider.count == 1


def test_R16_install_that_cannot_open_its_cassette_lets_nothing_out(abroad):
    with pytest.raises(CassetteNotFound):
        tokentape.install("missing.json", mode="none")
    with pytest.raises(NetworkBlocked, match=r"installed in mode none \(argument\), without a cassette"):
        raw(abroad.url)
    with pytest.raises(NetworkBlocked):
        tokentape.uninstall()
    raw(abroad.url)
    assert abroad.count == 1


def test_install_in_mode_none_without_a_cassette_lets_nothing_out(monkeypatch, abroad):
    monkeypatch.setenv("CI", "true")
    tokentape.install()
    with pytest.raises(NetworkBlocked, match=r"CI is set"):
        raw(abroad.url)
    with pytest.raises(NetworkBlocked):
        tokentape.uninstall()
    assert abroad.count == 0


def test_install_in_mode_none_holds_in_every_thread(tape, abroad):
    tokentape.install(tape, mode="none")
    with ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(raw, abroad.url).exception(), NetworkBlocked)
    with pytest.raises(NetworkBlocked):
        tokentape.uninstall()
    assert abroad.count == 0


def test_a_cassette_after_a_failed_install_is_used(tape, abroad):
    with pytest.raises(CassetteNotFound):
        tokentape.install("missing.json", mode="none")
    tokentape.install(tape, mode="once")
    raw(abroad.url)
    tokentape.uninstall()
    assert abroad.count == 1


def test_R14_a_miss_reaches_nobody_and_is_a_miss(recorded, provider, ask):
    path, _ = recorded
    with pytest.raises(ReplayMiss), tokentape.use_cassette(path, mode="none"):
        ask("Something else.")
    assert provider.count == 1


class TestBlock:
    """`block_network`."""

    def test_nothing_goes_out(self, abroad):
        with pytest.raises(NetworkBlocked, match="block_network is in force") as caught:
            with tokentape.block_network():
                raw(abroad.url)
        assert caught.value.__cause__ is None
        raw(abroad.url)
        assert abroad.count == 1

    def test_what_was_swallowed_is_raised_at_the_end(self, abroad):
        with pytest.raises(NetworkBlocked):
            with tokentape.block_network(), contextlib.suppress(Exception):
                raw(abroad.url)

    def test_what_the_block_ended_with_is_the_cause(self, abroad):
        with pytest.raises(NetworkBlocked) as caught:
            with tokentape.block_network():
                try:
                    raw(abroad.url)
                except Exception:
                    raise KeyError from None
        assert isinstance(caught.value.__cause__, KeyError)

    def test_hosts_are_allowed_and_this_machine_passes(self, provider, abroad, ask):
        with tokentape.block_network(allow_hosts=[abroad.host]):
            raw(abroad.url)
            ask()
        assert abroad.count == 1
        assert provider.count == 1

    def test_a_cassette_inside_still_records_what_it_forwards_and_nothing_else(self, outside, abroad):
        httpx2 = pytest.importorskip("httpx2")
        with abroad.answers() as came:
            with pytest.raises(NetworkBlocked):
                with tokentape.block_network():
                    with tokentape.use_cassette(outside / "rec.json", mode="all"):
                        assert httpx2.post(abroad.url, json=CALL).status_code == 200
                        raw(abroad.url)
        assert len(came) == 1
        assert abroad.count == 0
        assert json.loads((outside / "rec.json").read_text())["count"] == 1

    def test_async_and_an_explicit_client_record_too(self, outside, abroad):
        httpx2 = pytest.importorskip("httpx2")

        async def main():
            async with httpx2.AsyncClient() as client:
                assert (await client.post(abroad.url, json=CALL)).status_code == 200

        with tokentape.block_network():
            with abroad.answers():
                with tokentape.use_cassette(outside / "rec.json", mode="all"):
                    asyncio.run(main())
            with abroad.answers():
                with tokentape.client(outside / "client.json", mode="all") as client:
                    assert client.post(abroad.url, json=CALL).status_code == 200

    def test_a_wrong_host_leaves_nothing_behind(self, abroad):
        with pytest.raises(UsageError):
            tokentape.block_network(allow_hosts=["a b"]).__enter__()
        raw(abroad.url)
        assert abroad.count == 1


def test_recording_is_not_hindered(outside, abroad):
    """Nor is the recording of one cassette inside another in mode none."""
    httpx2 = pytest.importorskip("httpx2")
    with tokentape.use_cassette(outside / "outer.json", mode="once"):
        pass
    with abroad.answers(), tokentape.use_cassette(outside / "outer.json", mode="none"):
        with tokentape.use_cassette(outside / "inner.json", mode="all"):
            assert httpx2.post(abroad.url, json=CALL).status_code == 200
    assert json.loads((outside / "inner.json").read_text())["count"] == 1


def test_processes_and_workers_go_on(tape):
    """multiprocessing, executors and their pipes are this machine's."""
    from multiprocessing import get_context

    with tokentape.use_cassette(tape, mode="none"):
        with get_context("spawn").Manager() as shared:
            shared.list().append(1)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            assert pool.submit(os.getpid).result() != os.getpid()


def test_a_provider_can_be_started_and_asked_inside(tape):
    with tokentape.use_cassette(tape, mode="none", record="llm"), Provider() as running:
        raw(running.url)
