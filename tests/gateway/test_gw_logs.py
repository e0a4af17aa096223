"""What the console says: one line for each call that went wrong, what to do about it, and no secret."""

from __future__ import annotations

import logging
import signal

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
import uvicorn
from running import NO_TAPE, running, setup, upstream

from tokentape.gateway.config.loading import Source
from tokentape.gateway.config.settled import Serving
from tokentape.gateway.greeting import greeting
from tokentape.gateway.logs import Bounded, complain
from tokentape.gateway.routing import Router
from tokentape.gateway.server import Server, plan_of
from tokentape.gateway.services import Setup
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.targets import Group, Target
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.retrying import Policy, RetryOptions
from tokentape.upstreams.upstream import Credential, Secret, Upstream

CHAT = "/v1/chat/completions"
SECRET = "sk-test-0123456789abcdef0123456789"
ONCE = Policy(RetryOptions(max_retries=0))


@pytest.fixture
def told(caplog):
    """The lines so far, from INFO on."""
    caplog.set_level("INFO", "tokentape")
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def post(gateway, path=CHAT, model="m", **more):
    body = {"model": model, "messages": [{"role": "user", "content": "My secret plan?"}]}
    return httpx.post(gateway.url + path, json=body, timeout=20, **more)


def keyed(url, name="up"):
    auth = HeaderKey("authorization", "Bearer ")
    return Upstream(name, "openai.chat", url, auth, (Credential("key1", Secret(SECRET)),))


def test_a_miss(provider, told, tmp_path):
    record = RecordOptions(str(tmp_path), mode="new_episodes")
    with running(setup(upstream(provider.url)), record=record) as gateway:
        assert post(gateway, model="other").status_code == 200
    assert told() == []
    with running(setup(upstream(provider.url)), record=RecordOptions(str(tmp_path), mode="none")) as gateway:
        reply = post(gateway)
    id = reply.headers["x-tokentape-id"]
    assert reply.status_code == 400
    assert told() == [
        f"WARNING POST {CHAT} (m): 400: No recording in {tmp_path}/gateway.json fits this request (mode none); "
        f"see: tokentape trace {id}"
    ]


def test_an_upstream_that_refuses_its_key_and_quotes_it(provider, told):
    provider.fails(401, message=f"Incorrect API key provided: {SECRET}. You asked: My secret plan?")
    with running(setup(keyed(provider.url), policy=ONCE), record=NO_TAPE) as gateway:
        reply = post(gateway)
        again = post(gateway)
    assert (reply.status_code, again.status_code) == (401, 401)
    first, second = told()
    id = reply.headers["x-tokentape-id"]
    assert first == f"WARNING POST {CHAT} (m): 401: up/m#key1:401; see: tokentape trace {id}"
    assert second.startswith(f"WARNING POST {CHAT} (m): 401: up/m#key1 rests for ")
    assert SECRET not in first + second
    assert "plan" not in first + second


def test_a_fallback_is_told_and_is_no_warning(provider, told):
    with running(_group(provider), record=NO_TAPE) as gateway:
        reply = post(gateway, model="both")
    assert reply.status_code == 200
    (line,) = told()
    assert line.startswith(
        f"INFO POST {CHAT} (both): 200: dead/m#none:api_connection, live/m#none:200; see: "
    )


def test_an_upstream_that_nobody_answers_for(told):
    with running(setup(upstream("http://127.0.0.1:9", name="dead"), policy=ONCE), record=NO_TAPE) as gateway:
        assert post(gateway).status_code >= 500
    (line,) = told()
    assert ": dead/m#none:api_connection; 127.0.0.1: no connection: Connection refused; see: " in line


def test_a_response_that_is_not_there(provider, told):
    with running(setup(upstream(provider.url)), record=NO_TAPE) as gateway:
        assert httpx.get(f"{gateway.url}/v1/responses/resp_none", timeout=20).status_code == 404
    assert told() == ["WARNING responses: 404: Response with id 'resp_none' not found"]


def test_a_translation_that_is_refused_says_what_it_cannot(provider, told):
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    body = {"model": "m", "max_tokens": 9, "tools": tools, "messages": [{"role": "user", "content": "x"}]}
    with running(setup(upstream(provider.url), policy=ONCE), record=NO_TAPE) as gateway:
        assert httpx.post(f"{gateway.url}/v1/messages", json=body, timeout=20).status_code == 400
    (line,) = told()
    assert "up/m#none:unsupported_operation; anthropic.messages to openai.chat: tools[0]: " in line


def _group(provider):
    both = (upstream("http://127.0.0.1:9", name="dead"), upstream(provider.url, name="live"))
    return Setup(Router(both, groups=[Group("both", (Target("dead/m"), Target("live/m")))]), policy=ONCE)


@pytest.mark.parametrize(
    ("path", "headers", "line"),
    [
        (
            CHAT,
            {"Origin": "https://a.test"},
            "403: a page of 'https://a.test' asked, which is not allowed: add ",
        ),
        (CHAT, {"X-Tokentape-Cassette": "../x"}, "400: x-tokentape-cassette: '../x' is no name; "),
        (CHAT, {"Content-Type": "text/plain"}, "415: send JSON with 'Content-Type: application/json', not "),
        ("/nothing", {}, "404: there is no such page; /openapi.json lists them"),
        ("/messages", {}, "404: there is no such page; the base URL lacks /v1"),
        ("/messages%0d%0aERROR%20x", {}, "404: there is no such page"),
    ],
    ids=["origin", "name", "type", "page", "version", "lines"],
)
def test_calls_that_are_refused(provider, told, path, headers, line):
    with running(setup(upstream(provider.url)), record=NO_TAPE) as gateway:
        assert post(gateway, path, headers=headers).status_code in (400, 403, 404, 415)
    (said,) = told()
    assert said.startswith(f"WARNING POST {path}: {line}")
    assert "\n" not in said


def test_a_line_steers_no_terminal(told):
    complain("POST /\x1b[2J", 400, "one\ntwo " + "x" * 1000)
    (line,) = told()
    assert line.startswith("WARNING POST / [2J: 400: one two xxx")
    assert line.endswith("xxx")
    assert len(line) < 500


def test_many_lines_are_bounded_and_counted():
    now = [0.0]
    bounded = Bounded(2, clock=lambda: now[0])

    def passes(level=logging.WARNING):
        record = logging.LogRecord("tokentape", level, "", 1, "line %s", ("one",), None)
        return record.getMessage() if bounded.filter(record) else None

    assert [passes() for _ in range(5)] == ["line one", "line one", None, None, None]
    assert passes(logging.ERROR) == "line one"
    assert passes(logging.DEBUG) == "line one"
    now[0] = 1.5
    assert passes() == "(3 lines before this one were left out) line one"
    assert passes() == "line one"


def test_ending_says_what_it_waits_for(capsys):
    server = Server(plan_of(_never, Serving(grace=7)))
    log = logging.getLogger("uvicorn.error")
    level = log.level
    try:
        server.server_state.tasks.add(object())
        server.handle_exit(signal.SIGINT, None)
        assert capsys.readouterr().out == (
            "tokentape: ending; 1 call may finish, for at most 7 s (Ctrl-C again: at once)\n"
        )
        server.handle_exit(signal.SIGINT, None)
        assert capsys.readouterr().out == "tokentape: ended at once; what was under way was cut\n"
        assert server.force_exit
    finally:
        log.setLevel(level)


def test_ending_with_nothing_under_way_says_nothing(capsys):
    server = Server(uvicorn.Config(_never))
    server.handle_exit(signal.SIGTERM, None)
    assert capsys.readouterr().out == ""


async def _never(scope, receive, send):
    raise AssertionError("nobody asks")


UP = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "https://a.test/v1"\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["replays cassettes/gateway.json, and records there what is new (mode new_episodes)",
              "asks the provider whose API a call speaks, with the client's own key"]),
        (UP + '[record]\nmode = "none"\ncassette = "a"', [
            "replays cassettes/a.json; a call that is not there is refused, and nothing goes upstream (mode none)"]),
        (UP + "".join(UP.replace(".a]", f".{name}]") for name in "bcdef") + '[record]\nroot = "sqlite:t.db"', [
            "replays sqlite:t.db#gateway, and records there what is new (mode new_episodes)",
            "asks a, b, c, d and 2 more"]),
        ('[record]\ncassette = ""', ["records calls that name a cassette, in cassettes (mode new_episodes)"]),
        ("[record]\nenabled = false", ["records nothing, and replays nothing"]),
        ('[record]\nmode = "off"', ["records nothing, and replays nothing"]),
    ],
    ids=["nothing", "none", "many", "unnamed", "disabled", "off"],
)  # fmt: skip
def test_the_greeting(text, lines, outside, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    config = Source(None, {}, text=text).load()
    said = greeting(config, "http://127.0.0.1:8420")
    assert [line.removesuffix(" (mode off)") for line in said[: len(lines)]] == lines
    assert said[-2] == (
        "point clients here: OPENAI_BASE_URL=http://127.0.0.1:8420/v1, ANTHROPIC_BASE_URL=http://127.0.0.1:8420"
    )


def test_the_greeting_of_the_demo(outside):
    config = Source(None, {}, text=UP).load()
    assert greeting(config, "http://h", demo=True)[1] == "asks a bundled provider, which needs no key"
