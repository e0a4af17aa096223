"""The registry: counted holds, entry points, duplicates; and a third party's interceptor under the contract."""

from __future__ import annotations

import sys

import pytest
import toyhttp_sample

from tokentape.errors import TokentapeError, UsageError
from tokentape.interceptors import registry
from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.interceptor import InterceptorContract
from tokentape.testing.contracts.scripts import WHOLE, Got
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.wire.message import Request


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make this process believe that a package with these entry points is installed."""

    def install(*entries):
        info = tmp_path / "toyhttp_tokentape-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toyhttp-tokentape\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[tokentape.interceptors]\n" + "\n".join(entries))
        monkeypatch.syspath_prepend(tmp_path)

    monkeypatch.setattr(registry, "_registry", [])
    return install


def test_an_entry_point_is_held_and_released_with_ours(installed):
    installed("toyhttp = toyhttp_sample:ToyInterceptor")
    original = toyhttp_sample.Transport.send
    registry.hold()
    try:
        names = [interceptor.name for interceptor in registry.interceptors()]
        assert names == [*(factory.name for factory in registry.BUILT_IN), "toyhttp"]
        assert toyhttp_sample.Transport.send is not original
    finally:
        registry.release()
    assert toyhttp_sample.Transport.send is original


def test_a_duplicate_name_is_an_error(installed):
    installed("httpx = tokentape.interceptors.httpx.interceptor:HttpxInterceptor")
    with pytest.raises(UsageError, match="two interceptors are called 'httpx'"):
        registry.hold()


def test_an_entry_point_that_cannot_be_loaded_is_named(installed):
    installed("ghost = not_there_at_all:Nothing")
    with pytest.raises(UsageError, match=r"'ghost' \(not_there_at_all:Nothing\) cannot be loaded"):
        registry.hold()


def test_holds_are_counted():
    import httpx2

    original = vars(httpx2.Client)["_transport_for_url"]
    held = Registry((HttpxInterceptor,), MemoryTape())
    held.hold()
    held.hold()
    held.release()
    assert vars(httpx2.Client)["_transport_for_url"] is not original
    assert held.interceptors[0].is_attached("httpx2")
    held.release()
    held.release()
    assert vars(httpx2.Client)["_transport_for_url"] is original
    held.hold()
    assert held.interceptors[0].is_attached("httpx2")
    held.release()


def test_an_http_library_that_is_not_there_is_skipped_and_hooked_when_imported(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "httpx2"]:
        monkeypatch.delitem(sys.modules, name)
    held = Registry((HttpxInterceptor,), MemoryTape())
    held.hold()
    try:
        assert not held.interceptors[0].is_attached("httpx2")
        import httpx2

        assert held.interceptors[0].is_attached("httpx2")
        assert vars(httpx2.Client)["_transport_for_url"].__module__ == httpx2.__name__ + "._client"
    finally:
        held.release()


class TestAThirdPartysInterceptor(InterceptorContract):
    """The sample passes the suite that ours pass."""

    cannot = frozenset({"interim head first"})

    def interceptor(self, tape):
        return toyhttp_sample.ToyInterceptor(tape)

    def module(self):
        return toyhttp_sample

    def call(self, ask):
        chunks, reply = [], None
        request = Request(ask.method, ask.url, ask.headers, ask.body)
        try:
            reply = toyhttp_sample.Transport().send(request, ask.timeout)
            if ask.reads == WHOLE:
                chunks.append(reply.read())
            else:
                self._take(ask, reply, chunks)
        except (toyhttp_sample.ToyError, TokentapeError) as error:
            return self._got(reply, chunks, (type(error).__name__, str(error)))
        return self._got(reply, chunks, None)

    def _take(self, ask, reply, chunks):
        pieces = reply.pieces()
        while ask.reads < 0 or len(chunks) < ask.reads:
            piece = next(pieces, None)
            if piece is None:
                break
            chunks.append(piece)
            if ask.on_chunk:
                ask.on_chunk(piece)

    def _got(self, reply, chunks, error):
        if reply is None:
            return Got(error=error)
        reply.close()
        return Got(reply.status, reply.reason, reply.headers, tuple(chunks), error)
