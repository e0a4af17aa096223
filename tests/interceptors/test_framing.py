"""Recorded replies as wire bytes, and wire bytes as recorded replies: each the inverse of the other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.errors import ReplayIncomplete
from tokentape.interceptors.http1.deframing import Deframer
from tokentape.interceptors.http1.framing import framed
from tokentape.interceptors.http1.torn import Torn, heard, told
from tokentape.outcomes import Fail, Incomplete, Replay, Wait
from tokentape.wire.interaction import Ended, How, Interaction, Timing, WireError
from tokentape.wire.message import Request, Response

CHUNKED = (("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked"))


def answer(pieces=(b"hello ", b"world"), headers=(), *, status=200, http="1.1", reason="OK", **more):
    how = more.pop("how", How.EOF)
    error = more.pop("error", None)
    body = b"".join(pieces)
    response = Response(status, reason, tuple(headers), body, tuple(map(len, pieces)), http=http, **more)
    timing = Timing("", 5, tuple(10 for _ in pieces))
    return Interaction("x", Request("POST", "http://h/"), response, Ended(how, None, error), timing)


def wire(interaction, method="POST", **options):
    reply = Replay(interaction, **options)
    return list(framed(method, reply, reply.serve(frozenset({"gzip"}))))


def raw(steps):
    return b"".join(step for step in steps if isinstance(step, bytes))


class TestFramed:
    def test_a_length_that_fits_stays(self):
        steps = wire(answer(headers=[("content-length", "11"), ("x-a", "1")]))
        assert steps == [
            b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\nx-a: 1\r\n\r\n", b"hello ", b"world",
        ]  # fmt: skip

    def test_a_chunked_reply_gets_a_chunk_for_each_piece_and_its_trailers(self):
        steps = wire(answer(headers=CHUNKED, trailers=(("X-Sum", "1"),)))
        assert steps[1:] == [b"6\r\nhello \r\n", b"5\r\nworld\r\n", b"0\r\nX-Sum: 1\r\n\r\n"]

    def test_a_reply_until_close_has_no_end_of_its_own(self):
        assert wire(answer(http="1.0")) == [b"HTTP/1.0 200 OK\r\n\r\n", b"hello ", b"world"]

    def test_http_2_gets_a_head_of_1_1_and_becomes_chunked(self):
        steps = wire(answer(headers=[("x", "y")], http="2", reason=""))
        assert steps[0] == b"HTTP/1.1 200 OK\r\nx: y\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert steps[-1] == b"0\r\n\r\n"

    def test_http_2_keeps_its_length(self):
        steps = wire(answer(headers=[("content-length", "11")], http="2", reason="", status=299))
        assert steps[0] == b"HTTP/1.1 299 \r\ncontent-length: 11\r\n\r\n"

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    def test_no_body_where_there_can_be_none(self, method, status):
        headers = [("content-length", "11"), ("transfer-encoding", "chunked")]
        assert len(wire(answer((), headers, status=status), method)) == 1

    @pytest.mark.parametrize("length", ["3", "99", "abc", "11, 12", "²"])
    def test_a_wrong_length_of_a_whole_reply_is_mended(self, length):
        assert b"Content-Length: 11\r\n" in wire(answer(headers=[("Content-Length", length)]))[0]

    def test_a_length_beside_chunks_goes(self):
        head = wire(answer(headers=[*CHUNKED, ("content-length", "11")]))[0]
        assert b"content-length" not in head

    def test_an_empty_piece_does_not_end_the_body(self):
        assert raw(wire(answer((b"a", b"", b"b"), CHUNKED))).endswith(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")

    def test_a_cut_keeps_the_length_that_was_promised(self):
        steps = wire(answer(headers=[("content-length", "50")], how=How.CUT))
        assert b"content-length: 50\r\n" in steps[0]
        assert steps[-1] == Fail(How.CUT, None)

    def test_a_cut_that_the_length_would_hide_is_chunked_without_an_end(self):
        for headers in ([("content-length", "11")], [], [("content-length", "5")]):
            steps = wire(answer(headers=headers, how=How.CUT, http="2"))
            assert b"chunked" in steps[0]
            assert steps[-2:] == [b"5\r\nworld\r\n", Fail(How.CUT, None)]

    def test_a_reset_needs_no_framing(self):
        steps = wire(answer(how=How.RESET))
        assert b"chunked" not in steps[0]
        assert steps[-1] == Fail(How.RESET, None)

    def test_what_was_torn_is_torn_again(self):
        error = WireError("IncompleteRead", told("x", Torn(5, b"")))
        assert wire(answer(headers=CHUNKED, how=How.CUT, error=error))[-2] == b"8\r\nworld"
        error = WireError("IncompleteRead", told("x", Torn(0, b"zz\r\n")))
        assert wire(answer(headers=CHUNKED, how=How.CUT, error=error))[-2] == b"zz\r\n"

    def test_a_read_past_the_recorded_end_is_reported_only_when_it_happens(self):
        heard_of = []
        reply = Replay(answer(headers=CHUNKED, how=How.CLOSED_BY_CALLER), report=heard_of.append)
        steps = framed("POST", reply, reply.serve(frozenset()))
        assert [next(steps) for _ in range(3)][2] == b"5\r\nworld\r\n"
        assert heard_of == []
        assert isinstance(next(steps), Incomplete)
        assert isinstance(heard_of[0], ReplayIncomplete)
        assert list(steps) == []

    def test_the_recorded_pace_is_kept(self):
        assert wire(answer(headers=CHUNKED), pace=True)[1] == Wait(0.01)

    def test_an_edited_file_cannot_add_fields_or_break_the_head(self):
        head = wire(answer(headers=[("x", "a\r\ny: b"), ("z", "\u2014")], reason="O\nK"))[0]
        assert head.count(b"\r\n") == 4
        assert b"x: a y: b\r\nz: \xe2\x80\x94\r\n" in head


class TestTorn:
    @given(st.builds(Torn, st.integers(0, 10**12), st.binary(max_size=40)), st.text())
    @settings(max_examples=60)
    def test_told_is_heard(self, torn, text):
        if heard(text)[1] == Torn():
            assert heard(told(text, torn)) == (text, torn)

    @pytest.mark.parametrize("note", ["then b'\\xzz'", "then b'' + b''", "then b'a' if x else b'b'"])
    def test_nonsense_is_nothing(self, note):
        assert heard(f"x [wire: {note}]")[1] == Torn()


def fed(data, method="POST", sizes=(1,)):
    deframer, pieces, at = Deframer(method), [], 0
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)] or 1
        pieces.append(deframer.feed(data[at : at + size]))
        at += size
    return deframer, [piece for some in pieces for piece in some]


class TestDeframer:
    @given(
        st.lists(st.binary(min_size=1, max_size=30), max_size=6),
        st.lists(st.integers(1, 40), min_size=1, max_size=5),
        st.sampled_from(["length", "chunked", "close", "2"]),
    )
    @settings(max_examples=100)
    def test_it_reads_what_framed_writes_however_it_arrives(self, pieces, sizes, kind):
        given_headers = {"length": [("content-length", "0")], "chunked": CHUNKED}.get(kind, [])
        taped = answer(tuple(pieces), given_headers, http="2" if kind == "2" else "1.1")
        data = raw(wire(taped))
        deframer, got = fed(data, sizes=sizes)
        assert b"".join(got) == b"".join(pieces)
        assert deframer.complete == (kind != "close" or deframer.until_close is False)
        assert deframer.head.status == 200
        assert (deframer.rest, deframer.broken, deframer.torn) == (b"", False, Torn())
        whole, again = fed(data, sizes=(len(data),))
        assert whole.head == deframer.head
        assert again == [piece for piece in pieces if piece] or kind in ("length", "close")

    @given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), st.data())
    @settings(max_examples=100)
    def test_a_reply_torn_anywhere_is_torn_at_the_same_place_again(self, pieces, data):
        whole = raw(wire(answer(tuple(pieces), CHUNKED, trailers=(("x", "y"),))))
        at = data.draw(st.integers(whole.index(b"\r\n\r\n") + 4, len(whole) - 1))
        deframer, got = fed(whole[:at], sizes=(len(whole),))
        error = WireError("IncompleteRead", told("cut", deframer.torn))
        again = raw(wire(answer(tuple(got), CHUNKED, how=How.CUT, error=error)))
        assert again == whole[:at]

    @given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
    @settings(max_examples=100)
    def test_any_bytes_are_survived_and_none_is_invented(self, one, other, is_http):
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" if is_http else b""
        deframer = Deframer("GET")
        pieces = [*deframer.feed(start + one), *deframer.feed(other)]
        assert (
            b"".join(pieces) in re.sub(rb"\r?\n[0-9A-Fa-f]+[^\n]*\r?\n", b"", start + one + other) or is_http
        )
        assert sum(map(len, pieces)) <= len(one + other)

    def test_interim_heads_are_skipped_and_101_is_not(self):
        deframer, _ = fed(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
        )
        assert deframer.head.status == 200
        assert fed(b"HTTP/1.1 101 Switching\r\n\r\n")[0].head.status == 101

    def test_odd_but_accepted_heads(self):
        deframer, pieces = fed(
            b"HTTP/1.0 200\nA:  b \n\t folded\nno colon\nContent-Length: 2\n\nhi", sizes=(7,)
        )
        assert deframer.head == (200, "", (("A", "b folded"), ("Content-Length", "2")), "1.0")
        assert (b"".join(pieces), deframer.complete) == (b"hi", True)

    def test_latin_1_and_repeated_fields_are_kept(self):
        deframer, _ = fed(b"HTTP/1.1 200 Tr\xe8s Bien\r\nSet-Cookie: a\r\nset-cookie: \xe9\r\n\r\n")
        assert deframer.head[1:3] == ("Tr\xe8s Bien", (("Set-Cookie", "a"), ("set-cookie", "\xe9")))

    def test_chunk_extensions_trailers_and_what_follows(self):
        data = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n0;y\r\nT: 1\r\n\r\nHTTP"
        )
        deframer, pieces = fed(data, sizes=(len(data),))
        assert (pieces, deframer.trailers, deframer.rest) == ([b"hello"], (("T", "1"),), b"HTTP")

    def test_parts_of_a_chunk_are_told_from_chunks(self):
        deframer = Deframer("GET")
        deframer.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert deframer.feed(b"5\r\nhel") == [b"hel"]
        assert (deframer.inside_chunk, deframer.missing) == (True, 2)
        assert deframer.feed(b"lo\r\n2\r\n") == [b"lo"]
        assert not deframer.inside_chunk
        assert deframer.torn == Torn(0, b"2\r\n")

    @pytest.mark.parametrize("data", [b"what is this\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
    def test_no_http(self, data):
        deframer, pieces = fed(data, sizes=(len(data),))
        assert (deframer.broken, pieces, deframer.head, deframer.torn.tail) == (True, [], None, data)

    def test_what_follows_a_chunk_without_a_line_end_is_torn_there(self):
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX"
        deframer, pieces = fed(start, sizes=(len(start),))
        assert (deframer.broken, pieces, deframer.torn) == (True, [b"hello"], Torn(2, b"XX"))
        error = WireError("IncompleteRead", told("bad", deframer.torn))
        assert raw(wire(answer(pieces, CHUNKED, how=How.CUT, error=error))).endswith(b"5\r\nhelloXX")

    def test_a_length_is_counted(self):
        deframer, _ = fed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        assert (deframer.complete, deframer.missing) == (False, 7)
        assert fed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "HEAD")[0].complete
