"""Another configuration while the gateway runs: swapped in whole, or refused in whole."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading

import pytest

pytest.importorskip("pydantic")

from tokentape.gateway.config.loading import Source
from tokentape.gateway.reloading import Live, Reloading, Watch

A = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "https://a.test/v1"\n'


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(A)
    return path


class Running:
    """A configuration in force, and those that were put in its place."""

    def __init__(self, path):
        self.applied = []
        source = Source(str(path))
        self.live = Live(source.load(), source, self.applied.append)

    @property
    def names(self):
        return list(self.live.now.router.upstreams)


def test_a_good_file_is_put_in_force(path, caplog):
    caplog.set_level(logging.INFO, "tokentape")
    running = Running(path)
    before = running.live.now
    path.write_text(A.replace("upstreams.a", "upstreams.b"))
    assert running.live.reload()
    assert running.names == ["b"]
    assert running.applied == [running.live.now]
    assert list(before.router.upstreams) == ["a"], "who began with the old one keeps it"
    assert "the configuration is in force" in caplog.text


def test_a_bad_file_is_refused_with_all_that_is_wrong(path, caplog):
    running = Running(path)
    before = running.live.now
    path.write_text(A + 'keys = ["sk-live-51H"]\n[server]\nport = "x"\n[[routes]]\nto = "nowhere"\n')
    assert not running.live.reload()
    assert running.live.now is before
    assert running.applied == []
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == f"{path}: refused; the configuration in force stays"
    assert [line.partition(": ")[2].partition(": ")[0] for line in told[1:]] == [
        "upstreams.a.keys[0].key",
        "server.port",
        "routes[0].to[0]",
    ]
    assert "51H" not in caplog.text


@pytest.mark.parametrize("content", ["[upstreams", "\0", None])
def test_what_is_no_configuration_is_refused(path, caplog, content):
    running = Running(path)
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    assert not running.live.reload()
    assert running.names == ["a"]
    assert "refused" in caplog.text


def test_a_missing_variable_is_refused(path, caplog):
    running = Running(path)
    path.write_text(A + 'keys = ["env:TOKENTAPE_TEST_NO_SUCH_KEY"]')
    assert not running.live.reload()
    assert "the variable TOKENTAPE_TEST_NO_SUCH_KEY is not set" in caplog.text


def test_what_needs_a_restart_is_said_in_one_line(path, caplog):
    running = Running(path)
    before = running.live.now
    path.write_text(A + '[server]\nport = 1\nhost = "localhost"\nworkers = 1\n[record]\nroot = "other"\n')
    assert running.live.reload()
    (line,) = [record.getMessage() for record in caplog.records if "restart" in record.getMessage()]
    assert line == f"{path}: server.host, server.port, record: changed, which needs a restart"
    now = running.live.now
    assert (now.serving, now.lasting) == (before.serving, before.lasting)
    assert now.safety.host == "127.0.0.1"


def test_a_gateway_that_others_reach_keeps_asking_for_keys(path, caplog, monkeypatch):
    monkeypatch.setenv("TOKENTAPE_TEST_KEY", "sk-gateway")
    path.write_text(A + '[server]\nhost = "0.0.0.0"\nkeys = ["env:TOKENTAPE_TEST_KEY"]')
    running = Running(path)
    path.write_text(A)
    assert not running.live.reload()
    assert "can be reached from other machines, and no key is set" in caplog.text
    assert running.live.now.safety.keys[0][0] == "TOKENTAPE_TEST_KEY"


def test_clients_are_known_by_the_same_hash_after_a_reload(path):
    running = Running(path)
    salt = running.live.now.safety.salt
    assert salt
    path.write_text(A + "[policy]\nheartbeat = 3\n")
    assert running.live.reload()
    assert running.live.now.safety.salt == salt


def test_a_key_in_a_file_is_part_of_it(path):
    key = path.parent / "key"
    key.write_text("sk-1")
    key.chmod(0o600)
    path.write_text(A + 'keys = "file:key"')
    running = Running(path)
    assert running.live.files == (str(path), str(key))


def test_without_a_file_nothing_is_watched():
    source = Source()
    assert Live(source.load(), source, lambda config: None).files == ()


def written(path, text):
    """Write, so that time or size tell."""
    stat = path.stat()
    path.write_text(text)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def test_a_change_is_told_once_and_when_it_is_over(path):
    watch = Watch([str(path)])
    assert not watch.changed()
    written(path, "half")
    assert not watch.changed(), "whoever writes may not be done"
    written(path, "whole")
    assert not watch.changed()
    assert watch.changed()
    assert not watch.changed()


def test_a_touched_file_has_not_changed(path):
    watch = Watch([str(path)])
    written(path, A)
    assert not watch.changed()
    assert not watch.changed()


def test_a_file_that_is_gone_has_not_changed(path):
    watch = Watch([str(path)])
    path.unlink()
    assert not watch.changed()
    assert not watch.changed()
    path.write_text("another")
    assert not watch.changed()
    assert watch.changed()


class Ticks:
    """A clock that ticks when the test says so."""

    def __init__(self):
        self.wanted = asyncio.Semaphore(0)
        self.asleep = asyncio.Event()

    async def sleep(self, seconds):
        self.asleep.set()
        await self.wanted.acquire()

    async def tick(self):
        """One look at the file, to its end."""
        self.asleep.clear()
        self.wanted.release()
        await self.asleep.wait()


@pytest.mark.asyncio
async def test_a_file_is_watched(path):
    running, ticks = Running(path), Ticks()
    reloading = Reloading(running.live, sleep=ticks.sleep)
    await reloading.open()
    try:
        await ticks.asleep.wait()
        written(path, A.replace("upstreams.a", "upstreams.b"))
        await ticks.tick()
        assert running.names == ["a"]
        await ticks.tick()
        assert running.names == ["b"]
        written(path, "[upstreams")
        await ticks.tick()
        await ticks.tick()
        assert running.names == ["b"]
        written(path, A)
        await ticks.tick()
        await ticks.tick()
        assert running.names == ["a"]
        assert len(running.applied) == 2
    finally:
        await reloading.aclose()


@pytest.mark.asyncio
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals")
async def test_a_signal_reads_it_again(path):
    running, ticks = Running(path), Ticks()
    applied = asyncio.Event()
    running.live._apply = lambda config: applied.set()
    reloading = Reloading(running.live, sleep=ticks.sleep)
    await reloading.open()
    try:
        path.write_text(A.replace("upstreams.a", "upstreams.b"))
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(applied.wait(), 30)
        assert running.names == ["b"]
    finally:
        await reloading.aclose()


@pytest.mark.asyncio
async def test_it_is_closed_though_it_was_never_opened(path):
    await Reloading(Running(path).live).aclose()


def test_prices_are_in_force_without_a_restart(path, caplog):
    running = Running(path)
    path.write_text(f'{A}[prices."m"]\nunit = "1M"\ninput = 2\n[usage]\ninterval = 7\n')
    assert running.live.reload()
    assert running.live.now.lasting.usage.prices["m"].input == 2
    assert running.live.now.lasting.usage.interval != 7
    assert "usage: changed, which needs a restart" in caplog.text
