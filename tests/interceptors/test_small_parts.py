"""Claims, faults, late ends and patches."""

from __future__ import annotations

import httpx
import httpx2
import pytest

from tokentape.interceptors import claim, ending, faults
from tokentape.interceptors.patching import Patch
from tokentape.wire.interaction import How, WireError
from tokentape.wire.message import Request

ASKED = Request("POST", "https://api.example.com/v1/a%20b", (), b"{}")


class TestClaim:
    def test_only_inside_the_block(self):
        assert not claim.is_claimed(ASKED)
        with claim.claimed(ASKED):
            assert claim.is_claimed(ASKED)
            assert claim.is_claimed(ASKED)
        assert not claim.is_claimed(ASKED)

    @pytest.mark.parametrize(
        "other",
        [
            Request("GET", ASKED.url, (), ASKED.body),
            Request("POST", "https://api.example.com/token", (), ASKED.body),
            Request("POST", ASKED.url, (), b"{ }"),
            Request("POST", ASKED.url, (), None),
        ],
    )
    def test_another_request_is_seen_as_usual(self, other):
        with claim.claimed(ASKED):
            assert not claim.is_claimed(other)

    def test_the_same_url_quoted_differently_and_a_body_not_read_yet(self):
        with claim.claimed(ASKED):
            assert claim.is_claimed(Request("POST", "https://api.example.com/v1/a b", (), b"{}"))
            assert claim.is_claimed(Request("POST", ASKED.url), body_known=False)

    def test_nested_claims_add_up_and_end_with_an_exception(self):
        inner = Request("GET", "https://login.example.com/")

        def work():
            with claim.claimed(ASKED), claim.claimed(inner):
                assert claim.is_claimed(ASKED)
                assert claim.is_claimed(inner)
                raise ValueError("out")

        with pytest.raises(ValueError, match="out"):
            work()
        assert not claim.is_claimed(ASKED)


class TestFaults:
    @pytest.mark.parametrize(
        ("name", "text", "how"),
        [
            ("ReadTimeout", "timed out", How.READ_TIMEOUT),
            ("WriteTimeout", "", How.WRITE_TIMEOUT),
            ("ConnectTimeout", "", How.CONNECT_TIMEOUT),
            ("ConnectError", "[Errno 111] Connection refused", How.CONNECT_ERROR),
            ("ConnectError", "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", How.TLS_ERROR),
            ("ReadError", "", How.RESET),
            ("WriteError", "", How.RESET),
            ("RemoteProtocolError", "peer closed connection without sending complete message body", How.CUT),
            ("RemoteProtocolError", "Server disconnected without sending a response.", How.CUT),
            ("RemoteProtocolError", "illegal status line", How.PROTOCOL_ERROR),
            ("LocalProtocolError", "Invalid header", How.PROTOCOL_ERROR),
            ("ProxyError", "403 Forbidden", How.CONNECT_ERROR),
        ],
    )
    @pytest.mark.parametrize("http", [httpx, httpx2], ids=lambda module: module.__name__)
    def test_there_and_back(self, http, name, text, how):
        raised = getattr(http, name)(text)
        assert faults.fault_of(raised) == (how, WireError(name, text))
        request = http.Request("GET", "http://x/")
        again = faults.exception(http, how, WireError(name, text), request)
        assert (type(again), str(again), again.request) == (type(raised), text, request)

    def test_a_subclass_is_named_by_its_nearest_known_class(self):
        mine = type("MyTimeout", (httpx.ReadTimeout,), {})
        assert faults.fault_of(mine("late")) == (How.READ_TIMEOUT, WireError("MyTimeout", "late"))
        again = faults.exception(httpx, How.READ_TIMEOUT, WireError("MyTimeout", "late"), None)
        assert (type(again), str(again)) == (httpx.ReadTimeout, "MyTimeout: late")

    def test_a_caller_who_stops_is_no_error(self):
        assert faults.fault_of(GeneratorExit()) == (How.CLOSED_BY_CALLER, None)
        assert faults.fault_of(KeyboardInterrupt()) == (How.CANCELLED, None)

    def test_plain_oserrors_of_a_transport_come_back_as_such_and_others_as_transport_errors(self):
        noted = faults.fault_of(ConnectionResetError("reset"))
        assert noted == (How.RESET, WireError("builtins.ConnectionResetError", "reset"))
        reset = faults.exception(httpx2, *noted, None)
        assert (type(reset), str(reset)) == (ConnectionResetError, "reset")
        odd = faults.exception(httpx2, How.UNKNOWN, WireError("KeyError", "'x'"), None)
        assert (type(odd), str(odd)) == (httpx2.TransportError, "KeyError: 'x'")

    def test_what_a_socket_raised_in_another_library_is_the_librarys_own(self):
        told = WireError("ConnectionRefusedError", "[Errno 111] Connection refused")
        refused = faults.exception(httpx2, How.CONNECT_ERROR, told, None)
        assert (type(refused), str(refused)) == (httpx2.ConnectError, told.message)
        torn = WireError("IncompleteRead", "too short [wire: 4 bytes of a chunk owed]")
        assert str(faults.exception(httpx2, How.CUT, torn, None)) == "IncompleteRead: too short"

    @pytest.mark.parametrize("how", [how for how in How if how in faults.BY_HOW])
    def test_a_recording_of_another_library_raises_by_how_it_ended(self, how):
        foreign = faults.exception(httpx2, how, WireError("ClientPayloadError", "gone"), None)
        assert type(foreign).__name__ == faults.BY_HOW[how]
        unnamed = faults.exception(httpx2, how, None, None)
        assert type(unnamed) is type(foreign)
        assert str(unnamed) == faults.TEXT[how]

    def test_nothing_went_out_when_the_pool_was_busy(self):
        assert faults.is_local(httpx.PoolTimeout("busy"))
        assert not faults.is_local(httpx.ConnectTimeout("late"))


class Noting:
    """A forward that, while it is told the end of one call, has another one collected."""

    def __init__(self, told, inside=None):
        self.told = told
        self.inside = inside

    def end(self, how, error=None, trailers=()):
        self.told.append("begin")
        if self.inside is not None:
            self.inside()
        self.told.append("end")


class TestEnding:
    def test_an_end_during_another_waits_for_it(self):
        told = []
        late = Noting(told)
        ending.end(Noting(told, lambda: ending.end(late, How.CLOSED_BY_CALLER)), How.EOF)
        assert told == ["begin", "end", "begin", "end"]

    def test_an_abandoned_call_is_told_at_the_next_request(self):
        told = []
        ending.abandon(Noting(told))
        assert told == []

        class Tape:
            def begin(self, request, *, identity=None):
                ending.end(Noting(told), How.EOF)
                return told.append("asked")

        ending.begin(Tape(), ASKED)
        ending.settle()
        assert told == ["begin", "end", "asked", "begin", "end"]


class TestPatch:
    def make(self, owner):
        return Patch(owner, "send", lambda patch, original: lambda self: (patch.is_on, original(self)))

    def test_on_and_off(self):
        class Owner:
            def send(self):
                return "sent"

        original = Owner.send
        patch = self.make(Owner)
        assert Owner().send() == (True, "sent")
        assert patch.undo()
        assert Owner.send is original

    def owner(self):
        class Owner:
            def send(self):
                return "sent"

        return Owner, Owner.send

    def test_under_somebody_elses_patch_it_sleeps_and_a_new_one_goes_over_both(self):
        owner, original = self.owner()
        patch = self.make(owner)
        ours = owner.send
        owner.send = theirs = lambda self: ("theirs", ours(self))
        patch.redo()
        assert owner().send() == ("theirs", (True, "sent"))
        assert not patch.undo()
        assert owner().send() == ("theirs", (False, "sent"))
        patch.redo()
        assert patch.is_in_place
        assert owner().send() == (True, ("theirs", (False, "sent")))
        assert not patch.undo()
        assert (owner.send, patch.is_in_place) == (theirs, False)
        patch.redo()
        owner.send = original
        patch.redo()
        assert owner().send() == (True, "sent")
        assert patch.undo()
        assert owner.send is original

    def test_put_back_by_somebody_who_had_saved_it_it_wakes(self):
        owner, original = self.owner()
        patch = self.make(owner)
        saved, owner.send = owner.send, lambda self: "theirs"
        assert not patch.undo()
        owner.send = saved
        assert owner().send() == (False, "sent")
        patch.redo()
        assert owner().send() == (True, "sent")
        assert patch.undo()
        assert owner.send is original

    def test_taken_away_and_patched_again_by_others_it_is_not_taken_for_sleeping(self):
        """Theirs first; they put back what they had saved before we leave; the same again."""
        owner, original = self.owner()
        owner.send = lambda self: ("theirs", original(self))
        patch = self.make(owner)
        owner.send = original
        patch.undo()
        owner.send = lambda self: ("theirs again", original(self))
        patch.redo()
        assert owner().send() == (True, ("theirs again", "sent"))
        patch.undo()
        assert owner().send() == ("theirs again", "sent")
