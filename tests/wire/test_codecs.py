"""Content codings against the libraries that clients decode with."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.codecs import codings, decode_content, encode_content


def deflate(body: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(body) + raw.flush()


COMPRESS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
DECOMPRESS = {
    "gzip": gzip.decompress,
    "x-gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.decompress,
}
names = st.sampled_from(sorted(COMPRESS))
BODY = b'data: {"delta": "hello"}\n\n' * 50


@given(names, st.binary(max_size=500))
def test_what_the_libraries_compress_is_read(name, body):
    assert decode_content(COMPRESS[name](body), name) == body


@given(names, st.binary(max_size=500))
def test_what_is_written_the_libraries_read(name, body):
    assert DECOMPRESS[name](encode_content(body, name) or b"") == body


@pytest.mark.parametrize("name", sorted(DECOMPRESS))
@pytest.mark.parametrize("size", [0, 1, 0xFFFF, 0x10000, 0x10001, 0x20000, 0x20001, 0x50001])
def test_block_borders_are_written_right(name, size):
    body = bytes(range(256)) * (size // 256 + 1)
    encoded = encode_content(body[:size], name) or b""
    assert DECOMPRESS[name](encoded) == body[:size]
    assert decode_content(encoded, name) == body[:size]


def test_the_written_bytes_are_frozen():
    """A redacted recording is encoded again wherever it is opened: its stated length must hold."""
    assert {
        name: (encode_content(b"tape", name) or b"").hex() for name in ("gzip", "deflate", "br", "zstd")
    } == {
        "gzip": "1f8b08000000000000ff010400fbff74617065e1a5eb9e04000000",
        "deflate": "7801010400fbff74617065043c01ab",
        "br": "3000107461706503",
        "zstd": "28b52ffdc038040000000000000021000074617065",
    }


def test_raw_deflate_goes_by_the_same_name():
    assert decode_content(deflate(BODY), "deflate") == BODY
    assert decode_content(deflate(BODY)[:-1], "deflate") is None


@given(st.lists(names, min_size=2, max_size=4), st.binary(min_size=1, max_size=200))
def test_stacked_codings_come_off_last_first(stack, body):
    wire = body
    for name in stack:
        wire = COMPRESS[name](wire)
    encoding = ", ".join(stack)
    assert decode_content(wire, encoding) == body
    assert decode_content(encode_content(body, encoding) or b"", encoding) == body


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_one_after_the_other_are_one_body(name):
    wire = COMPRESS[name](b"one, ") + COMPRESS[name](b"two")
    assert decode_content(wire, name) == b"one, two"


def test_zeros_may_pad_gzip_and_other_bytes_may_not():
    assert decode_content(gzip.compress(BODY) + b"\0" * 8, "gzip") == BODY
    assert decode_content(gzip.compress(BODY) + b"more", "gzip") is None


@pytest.mark.parametrize("name", ["deflate", "br"])
def test_bytes_after_the_end_are_not_ignored(name):
    assert decode_content(COMPRESS[name](BODY) + b"more", name) is None


@pytest.mark.parametrize("encoding", ["", "identity", " Identity ", ","])
def test_identity_changes_nothing(encoding):
    assert decode_content(b"x", encoding) == encode_content(b"x", encoding) == b"x"


def test_names_are_read_in_any_case():
    assert codings(" GZip , identity,BR") == ["gzip", "br"]
    assert decode_content(brotli.compress(gzip.compress(BODY)), " GZip , identity,BR") == BODY


def test_an_unknown_coding_is_neither_read_nor_written():
    assert decode_content(b"x", "dcb") is None
    assert encode_content(b"x", "gzip, dcb") is None


def test_no_bytes_have_no_coding():
    assert decode_content(b"", "gzip") == b""


@pytest.mark.parametrize("name", sorted(COMPRESS))
def test_a_body_that_was_cut_is_whole_to_nobody_and_readable_on_demand(name):
    body = bytes(range(256)) * 3000
    wire = COMPRESS[name](body)
    for size in (1, len(wire) // 2, len(wire) - 1):
        assert decode_content(wire[:size], name) is None
        assert body.startswith(decode_content(wire[:size], name, partial=True) or b"")


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_a_flushed_stream_is_readable_up_to_the_cut(name):
    wire = flushed(name, [b"data: 1\n\n", b"data: 2\n\n"])
    assert decode_content(wire, name, partial=True) == b"data: 1\n\ndata: 2\n\n"
    assert decode_content(wire, name) is None


def flushed(name: str, events: list[bytes]) -> bytes:
    """What a server has sent after these events, and before it ended the stream."""
    if name == "br":
        compressor = brotli.Compressor()
        return b"".join(compressor.process(event) + compressor.flush() for event in events)
    if name == "zstd":
        frame = zstandard.ZstdCompressor().compressobj()
        block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return b"".join(frame.compress(event) + frame.flush(block) for event in events)
    member = zlib.compressobj(wbits=31 if name == "gzip" else 15)
    return b"".join(member.compress(event) + member.flush(zlib.Z_SYNC_FLUSH) for event in events)


@pytest.mark.parametrize("name", sorted(COMPRESS))
@pytest.mark.parametrize("partial", [False, True])
def test_plain_text_is_not_in_a_coding_because_the_header_says_so(name, partial):
    body = b'{"error": {"message": "no"}}'
    found = decode_content(body, name, partial=partial)
    assert found != body
    assert partial or found is None


@given(names, st.binary(max_size=300), st.booleans())
def test_no_bytes_crash_a_codec(name, body, partial):
    decode_content(body, name, partial=partial)


@pytest.mark.parametrize("package", ["compression.zstd", "backports.zstd"])
def test_the_standard_library_reads_zstd_where_it_can(package):
    module = pytest.importorskip(package)
    assert decode_content(module.compress(BODY) + module.compress(b"two"), "zstd") == BODY + b"two"
    assert decode_content(module.compress(BODY)[:-1], "zstd") is None
    assert decode_content(b"plain", "zstd") is None


def test_a_codec_that_is_hidden_later_is_missing(monkeypatch):
    for name in ("brotli", "brotlicffi"):
        monkeypatch.setitem(sys.modules, name, None)
    assert decode_content(brotli.compress(BODY), "br") is None


HIDE = """
import sys
for name in ("brotli", "brotlicffi", "zstandard", "compression.zstd", "backports.zstd"):
    sys.modules[name] = None
"""


def run_without_codecs(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", HIDE + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["br", "zstd"])
def test_R55_without_the_codec_a_body_cannot_be_read_but_can_be_written(name):
    wire = COMPRESS[name](BODY)
    code = f"""
from tokentape.wire.body import decode_content, decoded_body, encode_content
from tokentape.wire.message import Response
wire, name = {wire!r}, {name!r}
assert decode_content(wire, name) is None
reply = Response(200, headers=(("content-encoding", name),), body=wire)
assert decoded_body(reply) is None
assert decoded_body(Response(200, headers=reply.headers, body=wire, decoded=b"shown")) == b"shown"
assert decoded_body(Response(200, headers=reply.headers, body=b"plain")) == b"plain"
print(encode_content(b"tape", name).hex())
"""
    assert run_without_codecs(code) == (encode_content(b"tape", name) or b"").hex()
