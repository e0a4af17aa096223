"""`tokentape trace`: lists, one trace, one form, and wrong input in one line."""

from __future__ import annotations

import json
import subprocess

import pytest

from cli_runs import BARE, COMMAND, done, refused, run
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.trace.traces import Traces
from tokentape.wire.message import Request

AT = 1_763_720_000.25
JSON = (("content-type", "application/json"),)
ASKED = b'{"model": "gpt-4o",  "messages": [{"role": "user", "content": "hello \\u001b[31m"}]}'
SENT = b'{"model":"claude","messages":[]}'


@pytest.fixture
def place(outside):
    place = outside / "kept"
    traces = Traces(TraceOptions(directory=str(place), max_age=1e12, share=1.0))
    for number, id in enumerate(("abc111", "abc222", "xyz\x1b[2J")):
        trace = traces.begin(id, AT + number)
        trace.form("client_request", Request("POST", "/v1/chat/completions", JSON, ASKED))
        trace.form("upstream_request#1", Request("POST", "https://h/v1/messages", JSON, SENT))
        trace.form("upstream_reply#1", None, status=200, headers=(("content-type", "text/event-stream"),))
        trace.chunk("upstream_reply#1", b'event: ping\ndata: {"a": 1}\n\n')
        trace.form("picture", b"\x89PNG\xff\xfe\x00", status=200)
        trace.note("loss", what="audio", why="nobody hears it")
        trace.finish(
            200, model="gpt-4o", upstream="anthropic", usage={"input": 7, "output": 2}, cost="0.0012"
        )
    assert traces.flush()
    traces.close()
    return place


def test_the_list(place):
    said = done("trace", "--dir", place, COLUMNS="200")
    lines = [line for line in said.splitlines() if "abc" in line or "xyz" in line]
    assert ["xyz" in lines[0], "abc222" in lines[1], "abc111" in lines[2]] == [True] * 3
    assert all(
        word in lines[1] for word in ("2025-11-21 10:13:21", "gpt-4o", "anthropic", "200", "7 + 2", "0.0012")
    )
    assert "\x1b" not in said
    assert "client" not in said
    assert len(json.loads(done("trace", "--dir", place, "--json", "-n", 2))) == 2


def test_a_trace_by_the_beginning_of_its_id(place):
    said = done("trace", "abc1", "--dir", place)
    assert said.startswith("abc111  2025-11-21T10:13:20.250Z  200")
    order = [
        said.index(word) for word in ("loss: what=audio", "client_request", "upstream_request#1", "picture")
    ]
    assert order == sorted(order)
    assert 'ping  {"a": 1}' in said
    assert "(7 bytes that are no text)" in said
    assert "\x1b" not in said
    assert json.loads(done("trace", "abc111", "--dir", place, "--json"))["id"] == "abc111"


def test_a_form_alone_and_its_exact_bytes(place):
    assert '"content": "hello \\u001b[31m"' in done(
        "trace", "abc1", "--dir", place, "--form", "client_request"
    )
    command = [*COMMAND, "trace", "abc1", "--dir", str(place), "--form", "client_request", "--raw"]
    raw = subprocess.run(command, env=BARE, capture_output=True, check=True, timeout=60)
    assert raw.stdout == ASKED
    form = json.loads(done("trace", "abc1", "--dir", place, "--form", "upstream_reply", "--json"))
    assert form["name"] == "upstream_reply#1"
    assert json.loads(done("trace", "abc1", "--dir", place, "--raw"))["id"] == "abc111"


def test_how_one_form_differs_from_another(place):
    said = done("trace", "abc1", "--dir", place, "--diff", "client_request", "upstream_request")
    assert "-POST /v1/chat/completions\n+POST https://h/v1/messages\n" in said
    assert '+  "model": "claude"' in said


def test_wrong_input_is_one_line(place):
    assert "no trace 'none'" in refused("trace", "none", "--dir", place)
    assert "several traces begin with 'abc': abc222, abc111" in refused("trace", "abc", "--dir", place)
    assert "no form 'x' in this trace; there are client_request" in refused(
        "trace", "abc1", "--dir", place, "--form", "x"
    )
    assert "name the trace" in refused("trace", "--dir", place, "--raw")
    assert "no traces" in refused("trace", "--dir", place / "other")


def test_what_was_torn_is_told(place):
    torn = next(place.rglob("*abc222.*.json"))
    torn.write_bytes(torn.read_bytes()[:99])
    result = run("trace", "abc2", "--dir", place)
    assert result.returncode == 2
    first, last = result.stderr.splitlines()
    assert "cannot be read: torn" in first
    assert "no trace 'abc2'" in last


def test_the_configuration_says_where(place, outside):
    config = outside / "gateway.toml"
    config.write_text(f'[trace]\ndirectory = "{place.name}"\n', encoding="utf-8")
    assert "abc111" in done("trace", TOKENTAPE_CONFIG=str(config))
    config.write_text("[trace", encoding="utf-8")
    result = run("trace", TOKENTAPE_CONFIG=str(config))
    assert result.returncode == 2
    assert result.stderr.startswith("tokentape: TOKENTAPE_CONFIG: cannot read")
    (outside / ".tokentape").mkdir()
    place.rename(outside / ".tokentape" / "traces")
    assert "abc111" in done("trace")


def test_the_list_has_one_line_for_each_trace(outside):
    place = outside / "kept"
    traces = Traces(TraceOptions(directory=str(place), max_age=1e12, share=1.0))
    with_error = traces.begin("abc333", AT)
    with_error.form("client_request", Request("POST", "/v1/chat/completions", JSON, ASKED))
    with_error.finish(404, model="nope", error="no route leads\nto this model; " + "known are a, b " * 20)
    assert traces.flush()
    traces.close()
    heading, line = done("trace", "--dir", place, COLUMNS="80").splitlines()
    assert heading.split() == ["time", "id", "status", "ms", "model", "error"]
    assert line.startswith("2025-11-21 10:13:20  abc333  404 ")
    assert "no route leads to this model; known" in line
    assert line.endswith("...")
