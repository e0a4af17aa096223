"""A configuration printed is the same configuration, and shows no secret."""

from __future__ import annotations

import tomllib

import pytest

pytest.importorskip("pydantic")

from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.gateway.config.document import Document
from tokentape.gateway.config.loading import Source, shown
from tokentape.gateway.config.reading import ConfigError, read_text

WHOLE = """
default = "a"
[server]
port = 0
keys = ["env:K", { key = "file:keys/x", name = "te\\"am\\u007f" }]
grace = "1m"
[record]
cassette = ""
metadata = { "a b" = [1, { c = true, d = 1e300 }], "" = "x\\ny" }
[upstreams.a]
preset = "openai"
keys = [{ key = "env:K", rpm = 3, windows = [{ per = "5h", tokens = 2 }] }, "env:NO"]
models = { "gpt-5.1" = "prod" }
auth = { kind = "header", header = "X-K" }
quirks = { drop = ["x"], schema = "gemini-openapi" }
timeouts = { stall = 0 }
[upstreams.b]
dialect = "gemini"
base_url = "https://b.test"
auth = { kind = "azure", client_secret = "env:SEC", tenant_id = "t", client_id = "c" }
[models."a.b"]
to = ["a/x", { to = "b/y", weight = 2, when = { class = "title", headers = { x = "y*" } } }]
set = { stop = ["\\u2028", "ü"], temperature = 0.1 }
[groups.g]
targets = "a/x"
failover_on = []
[[routes]]
when = { has = ["images"], tokens_over = 5 }
to = "g"
[[routes]]
to = "b"
[prices."m 1"]
unit = "1K"
input = 0.00015
[[classes]]
name = "title"
tools = false
[[field_rules]]
name = "r"
source = "response"
path = "a"
inject = { target = "request", path = "b", insert = 0 }
"""


def again(document: Document) -> Document:
    text = shown(document, {"K": "sk-secret"}.get)
    read = read_text(text)
    assert read.problems == ()
    return read.document


def test_what_is_printed_reads_back_as_the_same():
    read = read_text(WHOLE)
    assert read.problems == ()
    assert again(read.document) == read.document


def test_the_defaults_read_back_as_the_same():
    assert again(Document()) == Document()


def test_defaults_are_shown():
    printed = tomllib.loads(shown(Document(), {}.get))
    assert printed["server"]["port"] == 8420
    assert printed["policy"]["retry"]["budget"] == 30.0
    assert "# mode: not set\n" in shown(Document(), {}.get)


def test_secrets_are_named_and_not_shown():
    text = shown(read_text(WHOLE).document, {"K": "sk-secret"}.get)
    assert "sk-secret" not in text
    assert "# env:K (set), file:keys/x (not set)" in text
    assert "# env:K (set), env:NO (not set)" in text
    assert 'client_secret = "env:SEC"' in text


def test_the_options_are_part_of_it(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("[server]\nport = 1\n")
    text = Source(str(path), {("server", "port"): 2, ("record", "mode"): "none"}).shown({}.get)
    assert tomllib.loads(text)["server"]["port"] == 2
    assert 'mode = "none"' in text


def test_what_is_wrong_is_not_printed(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("[server]\nport = 'x'\n")
    with pytest.raises(ConfigError, match=r"server\.port"):
        Source(str(path)).shown({}.get)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=12)
NAME = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True).filter(lambda name: ".." not in name)
SECONDS = st.floats(0.001, 1e9, allow_nan=False)
JSON = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
REF = st.from_regex(r"env:[A-Z_]{1,8}", fullmatch=True)
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "model": st.lists(TEXT, max_size=2),
        "class": TEXT,
        "client": TEXT,
        "headers": st.dictionaries(TEXT, TEXT, max_size=2),
        "has": st.just(["images"]),
        "tokens_over": st.integers(0, 2**40),
    },
)
TARGET = st.just("up/m") | st.fixed_dictionaries({"to": st.just("up/n"), "weight": SECONDS, "when": WHEN})
UPSTREAM = st.fixed_dictionaries(
    {"dialect": st.just("openai.chat"), "base_url": st.just("https://h.test")},
    optional={
        "keys": st.lists(REF, max_size=3, unique=True),
        "models": st.dictionaries(TEXT, TEXT, max_size=2),
        "headers": st.dictionaries(st.just("X-A"), NAME, max_size=1),
        "forced": st.dictionaries(TEXT, JSON, max_size=2),
        "limits": st.fixed_dictionaries(
            {}, optional={"rpm": st.integers(1, 9), "concurrent": st.integers(1, 9)}
        ),
        "timeouts": st.fixed_dictionaries({}, optional={"total": SECONDS, "stall": SECONDS}),
        "quirks": st.fixed_dictionaries({}, optional={"force": st.dictionaries(TEXT, JSON, max_size=2)}),
    },
)
RAW = st.fixed_dictionaries(
    {
        "upstreams": st.dictionaries(NAME, UPSTREAM, max_size=2).map(
            lambda made: {**made, "up": made.get("up") or UP}
        )
    },
    optional={
        "server": st.fixed_dictionaries({}, optional={"port": st.integers(0, 65_535), "grace": SECONDS}),
        "record": st.fixed_dictionaries(
            {},
            optional={
                "metadata": st.dictionaries(TEXT, JSON, max_size=2),
                "ignore": st.lists(TEXT, max_size=2),
            },
        ),
        "groups": st.dictionaries(
            TEXT.map(lambda name: f"group {name}"),
            st.fixed_dictionaries({"targets": st.lists(TARGET, min_size=1, max_size=2)}),
            max_size=2,
        ),
        "routes": st.lists(st.fixed_dictionaries({"to": TARGET, "when": WHEN, "name": TEXT}), max_size=2),
        "prices": st.dictionaries(
            TEXT, st.fixed_dictionaries({"unit": st.just("1M"), "input": st.floats(0, 1e9)}), max_size=2
        ),
    },
)
UP = {"dialect": "gemini", "base_url": "https://h.test"}


@settings(max_examples=60, deadline=None)
@given(RAW)
def test_any_document_reads_back_as_the_same(raw):
    document = Document.model_validate(raw)
    assert read_text(shown(document, {}.get)).document == document
