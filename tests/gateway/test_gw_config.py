"""From a file to what the parts of the gateway take."""

from __future__ import annotations

import os
from dataclasses import fields
from decimal import Decimal

import pytest

pytest.importorskip("pydantic")

from tokentape.gateway.config.building import build, mode_of
from tokentape.gateway.config.demo import demo_text
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.fetching import FetchTable
from tokentape.gateway.config.fields import FieldRuleTable, FieldsTable, InjectTable
from tokentape.gateway.config.later import LaterSender
from tokentape.gateway.config.loading import Source
from tokentape.gateway.config.policy import CoolingTable, PoolsTable, PriceTable, RetryTable
from tokentape.gateway.config.reading import ConfigError, read_text
from tokentape.gateway.config.tables import (
    ConversationsTable,
    ResponsesTable,
    TelemetryTable,
    TraceTable,
    UsageTable,
)
from tokentape.gateway.config.upstreams import QuirksTable
from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.fields.rule import FieldRule, Inject
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.table import Table
from tokentape.gateway.targets import Asked
from tokentape.gateway.telemetry.spans import TelemetryOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.metering.price import Price
from tokentape.protocols.quirks import NO_QUIRKS, Quirks
from tokentape.upstreams.destinations import FetchOptions
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.pools.options import Cap, Cooling, PoolOptions
from tokentape.upstreams.retrying import RetryOptions
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import Limits, Secret, Times, Window
from tokentape.wire.message import Request

ENVIRONMENT = {"K1": "sk-one", "K2": " sk-two ", "EMPTY": " ", "LINES": "a\nb", "OPENAI_API_KEY": "sk-usual"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)


def built(text, folder=".", environment=ENVIRONMENT, changes=None):
    return build(read_text(text, "a.toml", str(folder), changes), environment.get)


def problems(text, folder=".", environment=ENVIRONMENT):
    with pytest.raises(ConfigError) as told:
        built(text, folder, environment)
    return told.value.problems


A = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "https://a.test/v1"\n'


def test_nothing_at_all():
    config = built("")
    assert isinstance(config.router, Table)
    assert (config.serving.host, config.serving.port, config.serving.workers) == ("127.0.0.1", 8420, 1)
    assert config.lasting.record.cassette == "gateway"
    assert config.lasting.record.mode == "new_episodes"
    assert config.lasting.trace == TraceOptions()
    assert config.lasting.usage == UsageOptions()
    assert config.lasting.state == StateOptions()
    assert config.lasting.tracker == TrackerOptions()
    assert config.lasting.pools == PoolOptions()
    assert config.lasting.fetch == FetchOptions()
    assert config.lasting.field_options == FieldOptions()
    assert config.lasting.telemetry == TelemetryOptions()


EQUAL = [
    (RetryTable, RetryOptions, set()),
    (CoolingTable, Cooling, set()),
    (PoolsTable, PoolOptions, {"caps"}),
    (ResponsesTable, StateOptions, set()),
    (TraceTable, TraceOptions, set()),
    (UsageTable, UsageOptions, {"prices"}),
    (ConversationsTable, TrackerOptions, set()),
    (FieldRuleTable, FieldRule, {"steps", "goal"}),
    (InjectTable, Inject, set()),
    (FieldsTable, FieldOptions, set()),
    (FetchTable, FetchOptions, set()),
    (TelemetryTable, TelemetryOptions, set()),
    (QuirksTable, Quirks, set()),
    (PriceTable, Price, {"unit", "tiers"}),
]


@pytest.mark.parametrize(("table", "target", "apart"), EQUAL, ids=[table.__name__ for table, _, _ in EQUAL])
def test_a_table_has_what_its_part_takes(table, target, apart):
    names = {field.alias or name for name, field in table.model_fields.items()}
    assert names - apart == {field.name for field in fields(target)} - apart


def test_the_defaults_of_a_document_are_valid():
    assert Document.model_validate(Document().model_dump(by_alias=True)) == Document()


def test_an_upstream_with_keys():
    text = (
        A
        + """
    keys = ["env:K1", { key = "env:K2", name = "spare", priority = 1, concurrent = 2, rpm = 60, tpd = 9 }]
    limits = { rpm = 5, windows = [{ per = "5h", tokens = 7, offset = "1h" }] }
    timeouts = { first_byte = "30s", stall = 0, total = "5m" }
    selection = "balanced"
    models = ["m1", "m2"]
    quota_groups = [["m1", "m2"]]
    headers = { X-Team = "r\u00f6t \u2013 1" }
    query = "v=1"
    also = "openai.responses"
    forced = { store = false }
    dropped = ["user"]
    caps = [{ per = "1d", tokens = 100, key = "spare", model = "m1" }]
    """
    )
    config = built(text)
    one = config.router.upstreams["a"]
    first, second = one.credentials
    assert (first.name, first.secret, first.priority) == ("key1", Secret("sk-one"), 0)
    assert first.limits == Limits(None, (Window(60.0, 5), Window(18_000.0, None, 7, 3600.0)))
    assert (second.name, second.secret, second.priority) == ("spare", Secret("sk-two"), 1)
    assert second.limits == Limits(2, (Window(60.0, 60), Window(86_400.0, None, 9, 0.0)))
    assert one.times == Times(10.0, 30.0, None, 300.0)
    assert (one.selection, one.models) == ("balanced", {"m1": "m1", "m2": "m2"})
    assert one.quota_group("m2") == "m1"
    assert (one.headers, one.query, one.also) == (
        (("X-Team", "r\u00f6t \u2013 1".encode().decode("latin-1")),),
        "v=1",
        {"openai.responses"},
    )
    assert (one.forced, one.dropped) == ({"store": False}, {"user"})
    assert config.lasting.pools.caps == {"a": (Cap(Window(86_400.0, None, 100), "spare", "m1"),)}


def test_one_key_may_be_a_text():
    assert len(built(A + 'keys = "env:K1"').router.upstreams["a"].credentials) == 1


def test_models_may_have_other_names():
    one = built(A + 'models = { gpt-5 = "prod" }').router.upstreams["a"]
    assert one.own_model("gpt-5") == "prod"


def test_a_preset_takes_its_usual_variable():
    one = built('[upstreams.o]\npreset = "openai"').router.upstreams["o"]
    assert one.name == "o"
    assert one.base_url == "https://api.openai.com/v1"
    assert [key.secret for key in one.credentials] == [Secret("sk-usual")]


def test_a_preset_without_a_key_says_which():
    told = problems('[upstreams.o]\npreset = "openai"', environment={})
    assert told == (
        'upstreams.o: no key is named; set OPENAI_API_KEY, or add keys = ["env:NAME"], or client_key = true',
    )


def test_an_auth_that_shows_a_key_wants_one():
    told = problems(A + 'auth = "bearer"')
    assert told == ('upstreams.a: no key is named; add keys = ["env:NAME"], or client_key = true',)


def test_a_preset_that_wants_more():
    told = problems('[upstreams.z]\npreset = "azure"\nkeys = ["env:K1"]')
    assert "the option resource is missing" in told[0]
    assert told[0].startswith("upstreams.z: ")
    text = '[upstreams.z]\npreset = "azure"\nkeys = ["env:K1"]\noptions = { resource = "mine" }'
    assert "mine" in built(text).router.upstreams["z"].base_url


def test_the_clients_own_key():
    one = built(A + "client_key = true").router.upstreams["a"]
    assert one.passes_client_key
    assert type(one.auth).__name__ == "ClientKey"
    assert built(A + 'auth = "client"').router.upstreams["a"].passes_client_key
    assert (
        built('[upstreams.o]\npreset = "openai"\nclient_key = true')
        .router.upstreams["o"]
        .credentials[0]
        .secret
        is None
    )


def test_options_of_an_auth_are_checked():
    assert "upstreams.a: auth option header is missing" in problems(A + 'auth = "header"\nkeys = "env:K1"')[0]
    assert built(A + 'auth = { kind = "header", header = "X-K" }\nkeys = "env:K1"')


def test_an_upstream_without_differences_has_the_quirks_that_let_bytes_pass():
    text = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "http://127.0.0.1:1/v1"\n'
    assert built(text).router.upstreams["a"].quirks is NO_QUIRKS


def test_quirks_add_to_those_of_the_server():
    text = (
        A
        + """
    server = "vllm"
    [upstreams.a.quirks]
    drop = ["x"]
    rename = { seed = "random_seed" }
    force = { n = 1 }
    text_only = true
    schema = "gemini-openapi"
    output = ["text"]
    """
    )
    quirks = built(text).router.upstreams["a"].quirks
    assert quirks.token_limit == "max_tokens"
    assert "x" in quirks.drop
    assert quirks.rename[-1] == ("seed", "random_seed")
    assert quirks.force == (("n", 1),)
    assert quirks.text_only
    assert quirks.schema == "gemini-openapi"
    assert quirks.output == {"text"}


def test_an_upstream_that_is_a_cassette():
    text = '[upstreams.tape]\ndialect = "openai.chat"\ncassette = "demo"'
    assert built(text).router.upstreams["tape"].cassette == "demo"


def test_secrets_from_files(tmp_path):
    key = tmp_path / "keys" / "openai"
    key.parent.mkdir()
    key.write_text("sk-of-a-file\n")
    key.chmod(0o600)
    config = built(A + 'keys = "file:keys/openai"', tmp_path)
    assert config.router.upstreams["a"].credentials[0].secret == Secret("sk-of-a-file")
    assert config.warnings == ()
    assert config.files == (str(key),)


@pytest.mark.skipif(os.name == "nt", reason="file modes")
def test_a_file_that_everybody_can_read_is_warned_about(tmp_path):
    key = tmp_path / "k"
    key.write_text("sk-of-a-file")
    key.chmod(0o644)
    config = built(A + 'keys = "file:k"', tmp_path)
    assert config.warnings == (f"upstreams.a.keys[0]: {key} can be read by everybody here; chmod 600 it",)


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("env:NO", "the variable NO is not set; set it, or take the key out"),
        ("env:EMPTY", "the variable EMPTY is empty; set it, or take the key out"),
        ("env:LINES", "env:LINES holds several lines; a key is one line"),
        ("file:no", "no: No such file or directory; mend the path"),
        ("file:empty", "empty is empty; write the key into it, and nothing else"),
        ("file:long", "long is longer than 65536 bytes; write the key into it"),
    ],
)
def test_secrets_that_cannot_be_had(tmp_path, ref, said):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "long").write_text("x" * 70_000)
    told = problems(A + f'keys = ["env:K1", "{ref}"]\n[server]\nkeys = ["{ref}"]', tmp_path)
    assert len(told) == 2
    assert told[0].startswith("upstreams.a.keys[1]: ")
    assert told[1].startswith("server.keys[0]: ")
    assert all(said in line for line in told)


def test_options_of_an_auth_may_be_secrets(tmp_path):
    text = A + 'auth = { kind = "azure", tenant_id = "t", client_id = "c", client_secret = "env:K1" }'
    assert "sk-one" not in repr(built(text))
    assert problems(text.replace("K1", "NO"))[0].startswith("upstreams.a.auth.client_secret: the variable NO")


def test_no_secret_is_in_the_repr():
    config = built(A + 'keys = "env:K1"\n[server]\nkeys = ["env:K2"]\nsalt = "env:K1"')
    shown = repr(config) + str(config) + repr(config.router.upstreams) + repr(config.document)
    assert "sk-one" not in shown.replace(repr(config.safety.salt), "")
    assert "sk-two" not in shown


def test_clients():
    config = built(
        '[server]\nhost = "0.0.0.0"\nkeys = ["env:K1", { key = "env:K2", name = "team" }]\nhosts = ["gw"]'
    )
    assert config.safety.keys == (("K1", Secret("sk-one")), ("team", Secret("sk-two")))
    assert (config.safety.host, config.safety.allowed_hosts) == ("0.0.0.0", ("gw",))


def test_others_may_only_ask_with_a_key():
    assert (
        "can be reached from other machines, and no key is set" in problems('[server]\nhost = "0.0.0.0"')[0]
    )


def test_recording():
    text = """
    [record]
    root = "sqlite:tapes.db"
    cassette = ""
    mode = "none"
    ignore = ["metadata.run"]
    redact = "secret-\\\\d+"
    max_age = "30d"
    metadata = { team = "red" }
    """
    record = built(text).lasting.record
    assert (record.root, record.cassette, record.mode) == ("sqlite:tapes.db", None, "none")
    assert record.options.match_on.ignore == ("metadata.run",)
    assert record.options.redact == ("secret-\\d+",)
    assert record.options.max_age.days == 30
    assert record.options.metadata == {"team": "red"}


def test_without_recording_the_rest_of_its_table_still_holds():
    """Upstreams that are cassettes are looked for in its root, and traces hide what it names as secret."""
    text = '[record]\nenabled = false\nroot = "tapes"\nredact = "secret-.*"\nfilter_json = "pin"'
    record = built(text).lasting.record
    assert (record.is_off, record.root, record.options.redact) == (True, "tapes", ("secret-.*",))
    assert record.options.filter_json == ("pin",)


def test_recording_with_a_bad_pattern():
    assert problems('[record]\nvolatile = "("')[0].startswith("record: ")
    assert problems('[record]\nredact = "("')[0].startswith("record: ")


def test_the_mode(monkeypatch):
    assert mode_of(None) == "new_episodes"
    assert mode_of("once") == "once"
    monkeypatch.setenv("CI", "true")
    assert mode_of(None) == "none"
    monkeypatch.setenv("TOKENTAPE_MODE", "all")
    assert mode_of("once") == "all"
    assert Source(text='[record]\nmode = "once"').load({}.get).lasting.record.mode == "all"
    assert Source(changes={("record", "mode"): "once"}).load({}.get).lasting.record.mode == "once"


def test_several_workers_share_responses():
    assert built("[server]\nworkers = 2").lasting.state.store == "sqlite:.tokentape/responses.db"
    assert built("").lasting.state.store == "memory"
    assert built('[responses]\nstore = "sqlite:x.db"').lasting.state.store == "sqlite:x.db"


def test_prices():
    config = built(
        '[prices.m]\nunit = "1M"\ninput = 2.5\noutput = 10\n[prices.n]\nunit = "1K"\ninput = 0.1\nsearches = 3'
    )
    assert config.lasting.usage.prices["m"] == Price(input=Decimal("2.5"), output=Decimal(10))
    assert config.lasting.usage.prices["n"] == Price(input=Decimal("100.0"), searches=Decimal(3))


def test_policies_of_groups():
    text = (
        A
        + """
    [policy]
    losses = "strict"
    heartbeat = 0
    stop_on = ["timeout"]
    retry = { budget = "10s" }
    [groups.g]
    targets = "a/x"
    max_targets = 2
    stream = "never"
    [groups.h]
    targets = "a/x"
    failover_on = ["429", "timeout"]
    """
    )
    config = built(text)
    assert (config.strict, config.heartbeat, config.policy.retry.budget) == (True, None, 10.0)
    assert not config.policy.moves_on(FailureClass.timeout)
    g, h = config.policies["g"], config.policies["h"]
    assert (g.max_targets, g.streaming, g.retry.budget) == (2, "never", 10.0)
    assert g.failover_on == config.policy.failover_on
    assert h.failover_on == {FailureClass.rate_limit, FailureClass.timeout}


def test_routing():
    text = (
        'default = "b"\n'
        + A
        + """
    [upstreams.b]
    dialect = "anthropic.messages"
    base_url = "https://b.test"
    [models.deep]
    to = "a/x"
    set = { reasoning_effort = "high" }
    [groups.g]
    targets = [{ to = "deep", weight = 2, when = { class = "main" } }, "b/y"]
    [[routes]]
    model = "gpt-*"
    when = { headers = { x-tier = "gold" } }
    to = "g"
    """
    )
    router = built(text).router

    def labels(model, **given):
        return [one.label for one in router.resolve(Asked(model, "openai.chat", **given)).candidates]

    assert labels("gpt-1") == ["b/gpt-1"]
    assert labels("gpt-1", headers=(("X-Tier", "gold"),)) == ["a/x", "b/y"]
    assert labels("gpt-1", headers=(("X-Tier", "gold"),), kind="title") == ["b/y"]
    assert router.resolve(Asked("deep", "openai.chat")).candidates[0].set == {"reasoning_effort": "high"}


def test_classes_and_field_rules():
    text = """
    [[classes]]
    name = "title"
    max_tokens = 20
    tools = false
    [[field_rules]]
    name = "thoughts"
    source = "response"
    path = "choices[-1].message.reasoning_content"
    mode = "per_tool_call"
    scope = ["conversation"]
    ttl = "1h"
    inject = { target = "request", path = "messages[*].reasoning_content" }
    """
    config = built(text)
    assert (config.classes[0].name, config.classes[0].max_tokens, config.classes[0].tools) == (
        "title",
        20,
        False,
    )
    assert (config.lasting.fields[0].ttl, config.lasting.fields[0].scope) == (3600.0, ("conversation",))


def test_built_in_field_rules_by_name():
    assert problems('[fields]\noff = "nothing"')[0].startswith(
        "field_rules: no built-in field rule is called 'nothing'"
    )


def test_what_may_be_fetched():
    config = built(
        '[fetch]\nallow = ["10.1.0.0/16", "*.example.com"]\nports = [8080]\ncount = 0\nseconds = "5s"'
    )
    assert (config.lasting.fetch.allow, config.lasting.fetch.ports) == (
        ("10.1.0.0/16", "*.example.com"),
        (8080,),
    )
    assert problems('[fetch]\nallow = "a b"') == ("fetch: allow: 'a b' is neither a name nor a network",)


def test_in_memory_only():
    config = built('[trace]\ndirectory = ""\n[usage]\ndirectory = ""')
    assert config.lasting.trace.directory is None
    assert config.lasting.usage.directory is None


def test_times_and_sizes():
    config = built(
        '[server]\nbody_limit = "1.5MB"\nheader_limit = "16KiB"\ngrace = "1m"\nbody_seconds = 0\n[usage]\ninterval = "250ms"'
    )
    assert (config.safety.body_limit, config.safety.header_limit) == (1_500_000, 16_384)
    assert (config.serving.grace, config.safety.body_seconds, config.lasting.usage.interval) == (
        60.0,
        None,
        0.25,
    )


def test_the_command_line_wins():
    changes = {("server", "port"): 9, ("record", "mode"): "none", ("record", "enabled"): False}
    config = built("[server]\nport = 1", changes=changes)
    assert config.serving.port == 9
    assert config.lasting.record.is_off
    assert read_text("server = 1", changes=changes).problems == ("server: 1 does not fit; give a table",)


def test_a_table_for_the_project_is_not_ours():
    assert built('[tool.tokentape]\nmode = "none"\n[tool.other]\nx = 1')


def test_the_demo():
    config = Source(text=demo_text("http://127.0.0.1:9/")).load({}.get)
    router = config.router

    def goes(model, dialect):
        return router.resolve(Asked(model, dialect)).candidates[0].upstream

    assert goes("claude-x", "openai.chat").name == "anthropic"
    assert goes("gemini-x", "openai.chat").name == "gemini"
    assert goes("any", "openai.responses").name == "openai"
    assert goes("any", "ollama").name == "ollama"
    assert goes("any", "openai.chat").base_url == "http://127.0.0.1:9/v1"


@pytest.mark.asyncio
async def test_nothing_is_sent_before_there_is_a_client():
    sender = LaterSender()
    with pytest.raises(SendFailed, match="the gateway does not run"):
        await sender.send(Request("GET", "https://a.test"), Times())

    class Inner:
        async def send(self, request, times):
            return request.url

    sender.inner = Inner()
    assert await sender.send(Request("GET", "https://a.test"), Times()) == "https://a.test"
    await sender.aclose()
    assert sender.inner is None
