"""The vcrpy importer, over the real samples and over every form of field that recorders write."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from pathlib import Path

import pytest
import yaml

from tokentape.cassettes.importers.vcr import LOST, interactions_of, read_vcr
from tokentape.errors import CassetteError, UsageError
from tokentape.wire.interaction import How
from tokentape.wire.message import header

SAMPLES = Path(__file__).parents[2] / "samples"
INDEX = list(csv.DictReader((SAMPLES / "index.csv").read_text(encoding="utf-8").splitlines()))


def cassette(request=None, response=None):
    call = {"method": "POST", "uri": "https://api.example/v1/x", "headers": {}, "body": "{}"}
    reply = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}}
    return {"interactions": [{"request": call | (request or {}), "response": reply | (response or {})}]}


def only(request=None, response=None):
    imported = interactions_of(cassette(request, response), "c.yaml")
    return imported.interactions[0], imported.notes


def written(tmp_path, text, name="c.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# ---- the real samples ------------------------------------------------------------------------------


def test_every_sample_imports():
    total = 0
    for name in sorted({row["file"] for row in INDEX}):
        interactions, notes = read_vcr(SAMPLES / Path(name).name)
        assert LOST in notes
        total += len(interactions)
    assert total == len(INDEX) == 200


@pytest.mark.parametrize("row", INDEX, ids=lambda row: f"{row['file'][4:-5]}-{row['interaction']}")
def test_sample_has_the_facts_of_its_index_row(row):
    interaction = read_vcr(SAMPLES / Path(row["file"]).name).interactions[int(row["interaction"])]
    request, response = interaction.request, interaction.response
    assert (request.method, response.status) == (row["method"], int(row["status"]))
    path = request.url.partition("://")[2].partition("/")[2].lstrip("/")
    assert path.startswith(row["path"].lstrip("/").partition("?")[0])
    assert len(request.body or b"") == int(row["req_bytes"])
    assert sum(response.chunks) == len(response.body or b"")
    if header(response.headers, "content-encoding") == "gzip":
        assert gzip.decompress(response.body)
    length = header(response.headers, "content-length")
    assert length is None or int(length) == len(response.body or b"")


def test_sample_equals_what_the_yaml_says():
    for name in sorted({Path(row["file"]).name for row in INDEX}):
        document = yaml.load((SAMPLES / name).read_bytes(), yaml.CSafeLoader)
        for raw, got in zip(document["interactions"], read_vcr(SAMPLES / name).interactions, strict=True):
            sent = raw["request"]["body"] or b""
            assert (got.request.body or b"") == (sent.encode() if isinstance(sent, str) else sent)
            response = raw["response"]
            body = response["body"]["string"] if "body" in response else response["content"]
            assert (got.response.body or b"") == (body.encode() if isinstance(body, str) else body)
            pairs = [
                (field, value) for field, values in raw["request"]["headers"].items() for value in values
            ]
            assert list(got.request.headers) == pairs


# ---- headers ---------------------------------------------------------------------------------------


def test_header_values_may_be_scalars_or_lists_and_repeat_in_order():
    headers = {"set-cookie": ["a=1", "b=2"], "x-one": "1", "retry-after": 3, "x-flag": True, "x-none": None}
    got, _ = only(response={"headers": headers})
    assert got.response.headers == (
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-one", "1"),
        ("retry-after", "3"),
        ("x-flag", "true"),
        ("x-none", ""),
    )


def test_headers_may_be_a_list_of_pairs():
    got, _ = only(request={"headers": [["B", "1"], ["a", ["2", "3"]]]})
    assert got.request.headers == (("B", "1"), ("a", "2"), ("a", "3"))


def test_header_text_beyond_latin1_becomes_its_utf8_bytes():
    got, _ = only(response={"headers": {"x-city": ["Köln"], "x-mark": ["✓"], "x-raw": [b"\xff"]}})
    assert got.response.header("x-city") == "Köln"
    assert got.response.header("x-mark").encode("latin-1") == "✓".encode()
    assert got.response.header("x-raw") == "\xff"


ISTR = """
interactions:
- request:
    method: POST
    uri: https://api.example/v1/x
    body: null
    headers:
      ? !!python/object/new:multidict._multidict.istr
        args: [Content-Type]
        state: {title: null}
      : application/json
      ? !!python/object/new:multidict.istr [Accept]
      : ['*/*']
      ? !!python/object/apply:multidict._multidict._istr
        args: [X-Date]
      : 2026-11-21
  response:
    status: {code: 200, message: OK}
    headers: {Date: [2026-11-21 06:00:00]}
    body: {string: !!python/unicode 'ok'}
    url: !!python/object/new:yarl.URL {state: !!python/tuple [!!python/object/new:urllib.parse.SplitResult [https]]}
version: 1
"""


def test_header_tags_are_read_for_their_text(tmp_path):
    got = read_vcr(written(tmp_path, ISTR)).interactions[0]
    assert got.request.headers == (
        ("Content-Type", "application/json"),
        ("Accept", "*/*"),
        ("X-Date", "2026-11-21"),
    )
    assert got.response.header("date") == "2026-11-21 06:00:00"
    assert got.response.body == b"ok"


@pytest.mark.parametrize(
    "body",
    [
        "!!python/object/apply:os.system ['touch {file}']",
        "!!python/object/apply:subprocess.check_output [[touch, '{file}']]",
        "!!python/object/new:os.system ['touch {file}']",
        "!!python/name:os.system ''",
        "!!python/module:os ''",
        "!local whatever",
    ],
)
def test_no_tag_is_ever_executed(tmp_path, body):
    file = tmp_path / "executed"
    text = ISTR.replace("body: null", "body: " + body.format(file=file))
    with pytest.raises(CassetteError, match="interaction 1, request: 'body' is neither text nor bytes"):
        read_vcr(written(tmp_path, text))
    assert not file.exists()


# ---- bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [None, ""])
def test_null_and_empty_request_bodies_differ_as_they_did_on_the_wire(stored):
    never_sent, _ = only(request={"body": stored, "method": "GET"})
    of_no_bytes, _ = only(request={"body": stored, "headers": {"Content-Length": ["0"]}})
    assert never_sent.request.body is None
    assert of_no_bytes.request.body == b""


def test_empty_replies():
    deleted, _ = only(response={"status": {"code": 204, "message": ""}, "body": {"string": ""}})
    head, _ = only({"method": "HEAD"}, {"headers": {"content-length": "9"}, "body": {"string": None}})
    empty, _ = only(response={"body": {"string": ""}})
    assert (deleted.response.body, deleted.response.chunks) == (None, ())
    assert (head.response.body, head.response.header("content-length")) == (None, "9")
    assert (empty.response.body, empty.response.chunks) == (b"", ())


def test_bytes_base64_parsed_and_bytesio_bodies(tmp_path):
    binary, _ = only(response={"body": {"string": b"\x00\xff"}})
    based, _ = only(response={"body": {"base64_string": "AP8=", "encoding": "ASCII-8BIT"}})
    parsed, notes = only(request={"parsed_body": {"b": [1, "é"], "a": None}})
    upload = "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary 'AP8=', 0, null]}"
    read = read_vcr(written(tmp_path, ISTR.replace("body: null", "body: " + upload))).interactions[0]
    assert binary.response.body == based.response.body == read.request.body == b"\x00\xff"
    assert parsed.request.body == b'{"b":[1,"\\u00e9"],"a":null}'
    assert any("made again" in note and "interaction 1" in note for note in notes)


def test_python_tags_around_plain_values(tmp_path):
    tags = "{a: !!python/bytes 'AP8=', b: !!python/int '7', c: !!python/tuple [x, y], d: !!python/bytes A}"
    got = read_vcr(written(tmp_path, ISTR.replace("{Date: [2026-11-21 06:00:00]}", tags))).interactions[0]
    assert got.response.headers == (("a", "\x00\xff"), ("b", "7"), ("c", "x"), ("c", "y"), ("d", "A"))


def test_explicit_timestamps_stay_text_and_headers_may_be_null(tmp_path):
    text = ISTR.replace("{Date: [2026-11-21 06:00:00]}", "{a: !!timestamp 2026-11-21}")
    assert read_vcr(written(tmp_path, text)).interactions[0].response.header("a") == "2026-11-21"
    assert only(request={"headers": None})[0].request.headers == ()


def test_json_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "c.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(CassetteError, match="not JSON: 'utf-8' codec"):
        read_vcr(tmp_path / "c.json")


def test_json_cassettes_and_lone_surrogates(tmp_path):
    path = written(tmp_path, json.dumps(cassette(request={"body": "\ud800"})), "c.json")
    got, notes = read_vcr(path)
    assert got[0].request.body == b"\xed\xa0\x80"
    assert notes == [LOST]


def test_both_forms_of_reply():
    newer, _ = only(response={"status": {"code": 404, "message": None}})
    older = cassette()
    older["interactions"][0]["response"] = {
        "status_code": 201,
        "http_version": "HTTP/2",
        "headers": {"a": ["b"]},
        "content": "text",
    }
    response = interactions_of(older, "c.yaml").interactions[0].response
    assert (newer.response.status, newer.response.reason, newer.response.http) == (404, "", "1.1")
    assert (response.status, response.http, response.body, response.chunks) == (201, "2", b"text", (4,))


def test_origin_end_and_time_say_what_is_not_known():
    got, _ = only()
    assert (got.origin, got.ended.how, got.ended.terminal, got.timing.at) == ("vcrpy", How.EOF, None, "")
    assert (got.id, got.key, got.timing.head_ms, got.timing.chunk_ms) == ("", "", None, ())


# ---- headers that do not fit the body -----------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "x-gzip"])
def test_R55_coding_of_a_body_stored_plain_is_taken_off(coding):
    headers = {"Content-Encoding": [coding], "Content-Length": ["99"], "Vary": ["Accept"]}
    got, notes = only(response={"headers": headers, "body": {"string": '{"a": 1}'}})
    assert got.response.headers == (("Content-Length", "8"), ("Vary", "Accept"))
    assert any(coding in note and "removed" in note for note in notes)
    assert any("Content-Length" in note for note in notes)


RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"x", mtime=0)),
        ("deflate", zlib.compress(b"x")),
        ("deflate", RAW_DEFLATE.compress(b"abc" * 50) + RAW_DEFLATE.flush()),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x00"),
        ("br", b"\x0b\x00\x80x\x03\xff"),
        ("br, gzip", gzip.compress(b"x", mtime=0)),
        ("identity", b"x"),
    ],
)
def test_R55_coding_that_is_true_stays(coding, body):
    headers = {"content-encoding": coding, "content-length": str(len(body))}
    got, notes = only(response={"headers": headers, "body": {"string": body}})
    assert got.response.headers == tuple(headers.items())
    assert notes == [LOST]


def test_an_empty_body_has_no_coding():
    got, _ = only(response={"headers": {"content-encoding": "gzip"}, "body": {"string": ""}})
    assert got.response.headers == ()


def test_repeated_content_length_becomes_one():
    got, _ = only(response={"headers": {"Content-Length": ["5", "5"], "a": "b"}})
    assert got.response.headers == (("Content-Length", "2"), ("a", "b"))


def test_notes_name_their_interactions():
    document = cassette(response={"headers": {"content-encoding": "gzip"}})
    document["interactions"] += cassette()["interactions"] + document["interactions"]
    notes = interactions_of(document, "c.yaml").notes
    assert notes[1] == "Content-Encoding: gzip was removed, the body is stored without it (interactions 1, 3)"


# ---- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("c.yaml", "a: [\n", "line 2, column 1: not YAML"),
        ("c.yaml", "a: \x00", "not YAML"),
        ("c.yaml", "[" * 3000, "not YAML"),
        ("c.yaml", "a: !!int x", "not YAML"),
        ("c.json", '{"a": ', "line 1, column 7: not JSON"),
        ("c.json", "interactions: []", "not JSON"),
        ("c.yaml", "- request: {}", "no list 'interactions'"),
        ("c.yaml", "", "no list 'interactions'"),
        ("c.yaml", "interactions: [1]", "interaction 1: a mapping was expected"),
        ("c.yaml", "interactions: [{request: {method: GET}}]", "interaction 1, request: 'uri' is not a text"),
    ],
)
def test_what_is_no_cassette_is_refused_with_file_and_place(tmp_path, name, text, said):
    with pytest.raises(CassetteError) as caught:
        read_vcr(written(tmp_path, text, name))
    assert str(caught.value).startswith(str(tmp_path / name))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "response", "said"),
    [
        ({"headers": 3}, {}, "'headers' is neither"),
        ({"headers": {"a": [{}]}}, {}, "value is not a text"),
        ({"headers": {4: "a"}}, {}, "name is not a text"),
        ({"body": 3.5}, {}, "'body' is neither text nor bytes"),
        ({}, {"status": {"code": "x"}}, "interaction 1, response, status: 'code' is not a number"),
        ({}, {"body": {"string": 3}}, "'body.string' is neither"),
        ({}, {"status": None}, "response, status: a mapping was expected"),
        ({}, {"body": {"base64_string": "A"}}, "not base64"),
        ({"parsed_body": {"a": b""}}, {}, "'parsed_body' is not JSON"),
    ],
)
def test_fields_of_the_wrong_kind_are_named(request_, response, said):
    with pytest.raises(CassetteError, match=said):
        only(request_, response)


def test_missing_file_and_missing_pyyaml(tmp_path, monkeypatch):
    with pytest.raises(CassetteError, match="cannot be read: No such file"):
        read_vcr(tmp_path / "none.yaml")
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(UsageError, match=r"tokentape\[yaml\]"):
        read_vcr(written(tmp_path, "interactions: []"))


def test_no_interactions_is_no_error(tmp_path):
    assert read_vcr(written(tmp_path, "interactions: []\nversion: 1\n")) == ([], [])
