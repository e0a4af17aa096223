"""The suite every interceptor must pass: record, stop the server, replay, and compare.

Subclass `InterceptorContract` in a test module, give it the interceptor, its module and a way to make one
call through the library, and run pytest.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.scripts import (
    BROKEN_REPLIES,
    EVENTS,
    LEFT_EARLY,
    RAW,
    TEXT,
    WHOLE_REPLIES,
    Ask,
    Case,
    Got,
)
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Framing, Provider, Script, Send, SendHead, Stall, reply
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tokentape.interceptors.base import Interceptor, Tape
    from tokentape.wire.interaction import Interaction

PATH = "/v1/chat/completions"


class _Take(NamedTuple):
    """One case: what a caller got without a tape and with one, and what was on the tape then."""

    url: str
    plain: Got
    recorded: Got
    kept: tuple[Interaction, ...]


_taken: dict[tuple[type, str], _Take] = {}


class InterceptorContract:
    """Give `interceptor`, `module` and `call`; the tests do the rest.

    `cannot` names the cases (`scripts.Case.name`) that the library itself does not survive.
    """

    cannot: frozenset[str] = frozenset()

    def interceptor(self, tape: Tape) -> Interceptor:
        """A new interceptor that asks `tape`."""
        raise NotImplementedError

    def module(self) -> ModuleType:
        """The library."""
        raise NotImplementedError

    def call(self, ask: Ask) -> Got:
        """One call through the library, with a client of its own, that follows no redirect.

        The library's exceptions become `Got.error`, beside what was received before.
        """
        raise NotImplementedError

    # What comes through

    @pytest.mark.parametrize("case", [*WHOLE_REPLIES, *BROKEN_REPLIES], ids=lambda case: case.name)
    def test_the_recording_call_gets_what_an_unrecorded_call_gets(self, case: Case) -> None:
        take = self._performed(case)
        plain, recorded = take.plain, take.recorded
        assert _comparable(recorded) == _comparable(plain)
        assert (recorded.error is not None) == case.fails

    @pytest.mark.parametrize("case", [*WHOLE_REPLIES, *BROKEN_REPLIES], ids=lambda case: case.name)
    def test_the_tape_holds_the_raw_bytes_and_how_it_ended(self, case: Case) -> None:
        tape, _ = self._record(case)
        (kept,) = tape.kept
        assert (kept.response.body if kept.response else None) == case.body
        assert kept.ended.how in case.ends
        assert (kept.ended.error is not None) == case.fails

    @pytest.mark.parametrize(
        "case", [*WHOLE_REPLIES, *BROKEN_REPLIES, *LEFT_EARLY], ids=lambda case: case.name
    )
    def test_the_replay_without_a_server_is_the_same(self, case: Case) -> None:
        tape, recorded = self._record(case)
        tape.rewind()
        with self._attached(tape):
            replayed = self.call(_ask(case, self._url))
        assert replayed == recorded
        assert tape.left == 0

    @pytest.mark.parametrize("case", LEFT_EARLY, ids=lambda case: case.name)
    def test_a_caller_who_leaves_early_is_on_the_tape(self, case: Case) -> None:
        tape, recorded = self._record(case)
        (kept,) = tape.kept
        assert kept.ended.how is How.CLOSED_BY_CALLER
        assert kept.response is not None
        assert tuple(kept.response.pieces())[: case.reads] == recorded.chunks
        assert kept.ended.error is None

    def test_reading_past_where_the_recorded_caller_stopped_is_a_typed_error(self) -> None:
        tape, recorded = self._record(LEFT_EARLY[1])
        tape.rewind()
        with self._attached(tape):
            replayed = self.call(Ask(self._url + PATH, reads=RAW))
        assert replayed.error is not None
        assert replayed.error[0] == "ReplayIncomplete"
        assert len(tape.incomplete) == 1
        assert replayed.body.startswith(recorded.body)

    def test_R01_the_first_chunk_arrives_before_the_server_sends_the_second(self) -> None:
        first_seen = threading.Event()
        script = Script.of(
            SendHead(200, framing=Framing.CHUNKED),
            Send(EVENTS[0]),
            Stall(first_seen),
            Send(EVENTS[1]),
        )
        tape = MemoryTape()
        with Provider() as provider, self._attached(tape):
            provider.play(script)
            got = self.call(Ask(provider.url + PATH, on_chunk=lambda _: first_seen.set()))
        assert got.error is None
        assert got.body == EVENTS[0] + EVENTS[1]
        assert [kept.ended.how for kept in tape.kept] == [How.EOF]

    def test_a_refused_connection_replays_as_itself(self) -> None:
        with Provider() as provider:
            url = provider.url
        tape = MemoryTape()
        with self._attached(tape):
            recorded = self.call(Ask(url + PATH))
            tape.rewind()
            replayed = self.call(Ask(url + PATH))
        assert recorded.error is not None
        assert replayed == recorded
        assert tape.kept[0].response is None
        assert tape.kept[0].ended.how is How.CONNECT_ERROR

    def test_503_503_200_replay_in_order(self) -> None:
        tape = MemoryTape()
        with Provider() as provider, self._attached(tape):
            for status in (503, 503, 200):
                provider.play(reply(b"%d" % status, status))
            ask = Ask(provider.url + PATH)
            recorded = [self.call(ask) for _ in range(3)]
        tape.rewind()
        with self._attached(tape):
            assert [self.call(ask) for _ in range(3)] == recorded
        assert [got.status for got in recorded] == [503, 503, 200]

    def test_what_is_verified_goes_out_unseen_by_the_program(self) -> None:
        tape = MemoryTape()
        ask = Ask("", headers=(("content-type", "application/json"), ("authorization", "Bearer k")))
        with Provider() as provider, self._attached(tape):
            ask = _at(ask, f"{provider.url}{PATH}?a=b%20c")
            provider.play(reply(b"then"))
            recorded = self.call(ask)
            tape.rewind(verifies=True)
            provider.play(reply(b"now"))
            assert self.call(ask) == recorded
            live = tape.live.get(timeout=20)
            before, after = provider.requests
        assert (live.response and live.response.body, live.ended.how) == (b"now", How.EOF)
        assert (after.method, after.target, after.body) == (before.method, before.target, before.body)
        assert after.header("authorization") == before.header("authorization") == "Bearer k"

    # What is asked

    def test_the_tape_is_asked_about_what_the_server_sees(self) -> None:
        tape = MemoryTape()
        ask = Ask("", headers=(("content-type", "application/json"), ("x-tag", "a b")))
        with Provider() as provider, self._attached(tape):
            provider.play(reply(b"ok"))
            self.call(_at(ask, f"{provider.url}{PATH}?a=1&b=%20x"))
            (seen,) = provider.requests
        (asked,) = tape.asked
        assert (asked.method, asked.body) == (seen.method, seen.body)
        assert asked.url == f"{provider.url}{seen.target}"
        told = {(name.lower(), value) for name, value in asked.headers}
        assert {("x-tag", "a b"), ("content-type", "application/json")} <= told

    def test_no_body_and_a_body_differ(self) -> None:
        tape = MemoryTape()
        with Provider() as provider, self._attached(tape):
            provider.play(reply(b"ok"), times=None)
            self.call(Ask(provider.url + PATH, method="GET", headers=(), body=None))
            self.call(Ask(provider.url + PATH))
        assert [request.body for request in tape.asked] == [None, Ask("").body]

    # What it leaves alone

    def test_what_is_not_the_tapes_business_passes(self) -> None:
        tape = MemoryTape(aside="/v1/")
        with Provider() as provider, self._attached(tape):
            provider.play(reply(EVENTS), times=None)
            got = self.call(Ask(provider.url + PATH))
        assert (got.body, len(tape.asked), tape.kept) == (TEXT, 1, [])

    def test_an_idle_tape_is_not_asked(self) -> None:
        tape = MemoryTape()
        tape.is_idle = True
        with Provider() as provider, self._attached(tape):
            provider.play(reply(b"ok"))
            assert self.call(Ask(provider.url + PATH)).body == b"ok"
        assert tape.asked == []

    def test_R11_attached_twice_records_once_and_detached_records_nothing(self) -> None:
        tape = MemoryTape()
        interceptor = self.interceptor(tape)
        name = self.module().__name__
        with Provider() as provider:
            provider.play(reply(b"ok"), times=None)
            interceptor.attach(self.module())
            interceptor.attach(self.module())
            assert interceptor.is_attached(name)
            self.call(Ask(provider.url + PATH))
            interceptor.detach()
            interceptor.detach()
            assert not interceptor.is_attached(name)
            self.call(Ask(provider.url + PATH))
        assert len(tape.kept) == 1

    def test_it_says_that_the_installed_version_is_supported(self) -> None:
        interceptor = self.interceptor(MemoryTape())
        assert self.module().__name__ in interceptor.modules
        assert interceptor.unsupported(self.module().__name__) is None

    # How

    _url = ""

    @contextmanager
    def _attached(self, tape: MemoryTape) -> Iterator[None]:
        registry = Registry((self.interceptor,), tape)
        self.module()
        registry.hold()
        try:
            yield
        finally:
            registry.release()

    def _skip(self, case: Case) -> None:
        if case.name in self.cannot:
            pytest.skip(f"{self.module().__name__} cannot do this: {case.name}")

    def _record(self, case: Case) -> tuple[MemoryTape, Got]:
        """A tape of the case, and what its caller got; the server is gone."""
        take = self._performed(case)
        self._url = take.url
        tape = MemoryTape()
        tape.kept += take.kept
        return tape, take.recorded

    def _performed(self, case: Case) -> _Take:
        """The case without and with a tape, once for all tests of it: some take their time."""
        self._skip(case)
        if (type(self), case.name) not in _taken:
            tape = MemoryTape()
            with Provider(gap=0.003) as provider:
                case.plan(provider)
                ask = _ask(case, provider.url)
                plain = self.call(ask)
                with self._attached(tape):
                    recorded = self.call(ask)
            _taken[type(self), case.name] = _Take(provider.url, plain, recorded, tuple(tape.kept))
        return _taken[type(self), case.name]


def _ask(case: Case, url: str) -> Ask:
    body = None if case.method in ("GET", "HEAD") else Ask("").body
    return Ask(url + PATH, case.method, body=body, reads=case.reads, timeout=case.timeout)


def _at(ask: Ask, url: str) -> Ask:
    return Ask(url, ask.method, ask.headers, ask.body, ask.reads, ask.timeout)


def _comparable(got: Got) -> tuple[object, ...]:
    """Chunk boundaries depend on the network's mood, and dates on the clock."""
    headers = [(name, value) for name, value in got.headers if name.lower() != "date"]
    return got.status, got.reason, headers, got.body, got.error, got.facts
