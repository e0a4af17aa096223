"""Faults, seen from the other end of the socket."""

from __future__ import annotations

import socket
import threading
import time
import zlib

import pytest

from tokentape.testing.provider import (
    Cut,
    Finish,
    Framing,
    Reset,
    Script,
    Send,
    SendHead,
    Stall,
    reply,
    silence,
)
from tokentape.testing.provider.faults import (
    both,
    coded,
    cut,
    interrupted,
    joined,
    late,
    reset,
    split,
    split_at,
    stall,
    trickle,
    with_headers,
    without_headers,
)

HELLO = reply([b"he", b"llo"], framing=Framing.CHUNKED)


def writes(script):
    return [step.data for step in script if isinstance(step, Send)]


def settled(condition):
    """Wait for a state that another thread reaches on its own."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("at", [0, 1, 2, 3, 5])
def test_R47_a_cut_leaves_a_chunked_body_without_its_end(provider, ask, at):
    provider.play(HELLO, times=1)
    whole = ask().rest
    provider.play(cut(at=at)(HELLO))
    got = ask()
    assert b"".join(got.chunks) == b"hello"[:at]
    assert got.ended == "eof"
    assert not got.rest.endswith(b"0\r\n\r\n")
    assert whole.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("at", [0, 3])
def test_R47_a_cut_leaves_a_content_length_unfulfilled(provider, ask, at):
    provider.play(cut(at=at)(reply(b"hello")))
    got = ask()
    assert b"content-length: 5" in got.lines
    assert (got.rest, got.ended) == (b"hello"[:at], "eof")


def test_a_cut_after_so_many_events(provider, ask, chat):
    provider.changes(cut(after=2))
    got = ask("POST", "/v1/chat/completions", body={**chat, "stream": True})
    assert [chunk[:6] for chunk in got.chunks] == [b"data: "] * 2
    assert got.ended == "eof"


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE])
def test_R47_a_reset_is_a_reset(provider, ask, framing):
    provider.play(reset(at=3)(reply(b"hello", framing=framing)))
    got = ask()
    assert got.ended == "reset"
    assert b"hel" in got.rest
    assert b"hello" not in got.rest


@pytest.mark.parametrize(("step", "ended"), [(Cut(), "eof"), (Reset(), "reset")])
def test_a_connection_may_end_before_any_head(provider, wire, step, ended):
    provider.play(Script.of(step))
    connection = wire()
    connection.send()
    assert connection.until_end() == (b"", ended)


def test_a_cut_after_the_head_leaves_the_head(provider, ask):
    provider.play(Script.of(SendHead(200, flush=False), Cut()))
    assert ask().head.startswith(b"HTTP/1.1 200 OK")


def test_silence_sends_nothing_until_the_caller_gives_up(provider, wire):
    provider.play(silence())
    connection = wire()
    connection.send()
    provider.wait_for(1)
    connection.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.socket.recv(1)
    connection.socket.close()
    assert settled(lambda: provider.open_connections == 0)


def test_a_stall_lasts_until_the_test_says_so(provider, wire):
    released = threading.Event()
    provider.play(stall(released, at=2)(HELLO))
    connection = wire()
    connection.send()
    connection.head()
    assert connection.exactly(7) == b"2\r\nhe\r\n"
    connection.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.socket.recv(1)
    connection.socket.settimeout(10)
    released.set()
    assert connection.exactly(8) == b"3\r\nllo\r\n"


def test_a_stall_for_an_event_ends_when_the_caller_leaves(provider, wire):
    provider.play(Script.of(Stall(threading.Event())))
    connection = wire()
    connection.send()
    provider.wait_for(1)
    connection.socket.close()
    assert settled(lambda: provider.open_connections == 0)


def test_a_stall_of_so_many_seconds_passes_and_bears_a_pipelined_request(provider, wire):
    provider.play(late(0.03)(reply(b"one")))
    provider.play(reply(b"two"))
    connection = wire()
    connection.send()
    connection.send()
    assert [connection.reply().rest for _ in range(2)] == [b"one", b"two"]


def test_a_keep_alive_connection_may_close_while_idle(provider, wire):
    provider.play(Script((*reply(b"done"), Finish(), Stall(0.01), Cut())))
    connection = wire()
    connection.send()
    got = connection.reply()
    assert got.rest == b"done"
    assert b"connection: close" not in got.lines
    assert connection.until_end() == (b"", "eof")


def test_a_fault_may_replace_the_rest_of_the_body(provider, ask):
    provider.play(interrupted(Send(b"!"), after=1)(HELLO))
    assert ask().rest == b"2\r\nhe\r\n1\r\n!\r\n0\r\n\r\n"


@pytest.mark.parametrize(("every", "count"), [(1, 5), (2, 3), (9, 1)])
def test_split_every_so_many_bytes(provider, ask, every, count):
    provider.play(split(every, gap=0)(HELLO))
    got = ask()
    assert len(got.chunks) == count
    assert b"".join(got.chunks) == b"hello"


def test_split_at_given_offsets(provider, ask):
    provider.play(split_at(1, 4, 99, 0)(HELLO))
    assert ask().chunks == [b"h", b"ell", b"o"]


def test_writes_arrive_apart_also_where_the_framing_shows_no_chunks(provider, wire):
    provider.play(split_at(2, gap=0.05)(reply(b"hello")))
    connection = wire()
    connection.send()
    connection.head()
    assert connection.exactly(2) == b"he"
    assert connection.rest == b""
    assert connection.socket.recv(100) == b"llo"


def test_trickle_and_joined_change_the_pace_and_nothing_else(provider, ask):
    assert [step.gap for step in trickle(0.002)(HELLO) if isinstance(step, Send)] == [0.002, 0.002]
    provider.play(trickle(0.002)(HELLO))
    assert ask().chunks == [b"he", b"llo"]
    provider.play(joined()(HELLO))
    assert ask().chunks == [b"hello"]


def test_header_fields_are_added_and_removed(provider, ask):
    provider.play(
        both(with_headers(("a", "1"), ("a", "2")), without_headers("B"))(reply(b"", 200, (("b", "3"),)))
    )
    assert ask().lines[:2] == [b"a: 1", b"a: 2"]


def decoded(body, encoding):
    if encoding == "br":
        return pytest.importorskip("brotli").decompress(body)
    if encoding == "zstd":
        return pytest.importorskip("zstandard").ZstdDecompressor().decompressobj().decompress(body)
    return zlib.decompress(body, {"gzip": 31, "deflate": 15, "raw-deflate": -15}[encoding])


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate", "br", "zstd"])
def test_R55_codings_are_what_the_header_says(provider, ask, encoding):
    pytest.importorskip({"br": "brotli", "zstd": "zstandard"}.get(encoding, "zlib"))
    provider.play(coded(encoding)(HELLO))
    got = ask()
    assert f"content-encoding: {encoding}".encode() in got.lines
    assert len(got.chunks) == 2
    assert decoded(b"".join(got.chunks), encoding) == b"hello"


def test_R55_the_first_piece_of_a_coded_stream_decodes_alone(provider, ask):
    provider.play(coded("gzip")(HELLO))
    assert zlib.decompressobj(31).decompress(ask().chunks[0]) == b"he"


def test_R55_codings_stack(provider, ask):
    provider.play(coded("gzip", "deflate")(reply(b"hello")))
    got = ask()
    assert b"content-encoding: gzip, deflate" in got.lines
    assert decoded(decoded(got.rest, "deflate"), "gzip") == b"hello"


@pytest.mark.parametrize("empty", [reply(b""), reply([])])
def test_an_empty_body_is_coded_too(empty):
    assert decoded(b"".join(writes(coded("gzip")(empty))), "gzip") == b""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: coded("lzw")(HELLO), "unknown coding 'lzw'; known: gzip"),
        (lambda: split(0), "every must be at least 1, not 0"),
        (lambda: cut()(HELLO), "say where"),
        (lambda: cut(at=1, after=1)(HELLO), "say where"),
    ],
)
def test_a_fault_that_makes_no_sense_says_so(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_changes_leave_a_script_without_head_alone():
    bare = Script.of(Cut())
    assert with_headers(("a", "1"))(bare) == bare
    assert cut(at=5)(bare) == (Cut(), Cut())


def test_two_callers_are_answered_in_reverse_by_delay(provider, wire):
    provider.delay_by(lambda seen: 0.15 if seen.target == "/slow" else 0.0)
    slow, quick = wire(), wire()
    slow.send(target="/slow")
    provider.wait_for(1)
    quick.send(target="/quick")
    assert quick.reply().status == 404
    slow.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        slow.socket.recv(1)
    slow.socket.settimeout(10)
    assert slow.reply().status == 404
    provider.delay_by(None)
    quick.send(target="/slow")
    assert quick.reply().status == 404


def test_the_other_side_may_leave_in_the_middle(provider, wire):
    provider.play(split(1)(reply(b"x" * 500)))
    connection = wire()
    connection.send()
    connection.head()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.socket.close()
    assert settled(lambda: provider.open_connections == 0)
