"""Bad configurations: each is told by its place, with what to do, and all of them at once."""

from __future__ import annotations

import pickle

import pytest

pytest.importorskip("pydantic")

from tokentape.errors import UsageError
from tokentape.gateway.config.building import build, mode_of
from tokentape.gateway.config.reading import ConfigError, read_file, read_text

TWO = """
[upstreams.a]
dialect = "openai.chat"
base_url = "https://a.test/v1"
[upstreams.b]
dialect = "anthropic.messages"
base_url = "https://b.test"
"""

BAD = {
    # unknown keys and values of the wrong kind
    "[server]\nprot = 1": "server.prot: unknown key; did you mean 'port'?",
    "[sever]": "sever: unknown key; did you mean 'server'?",
    "[server]\nxyzzy = 1": "server.xyzzy: unknown key; known are body_limit, body_seconds,",
    '[server]\nport = "80"': "server.port: '80' does not fit; give a whole number",
    "[server]\nport = 70000": "server.port: 70000 does not fit; give 65535 or less",
    "[server]\nport = 1.5": "server.port: 1.5 does not fit; give a whole number",
    "[server]\nport = true": "server.port: true does not fit; give a whole number",
    "[server]\nworkers = 0": "server.workers: 0 does not fit; give 1 or more",
    "[server]\nhost = 1": "server.host: 1 does not fit; give a text",
    '[server]\nhost = ""': "server.host: '' does not fit; give a text that is not empty",
    "server = 1": "server: 1 does not fit; give a table",
    "routes = 1": "routes: 1 does not fit; give a list",
    "upstreams = []": "upstreams: a list does not fit; give a table",
    '[server]\nlog_level = "warn"': "server.log_level: 'warn' does not fit; did you mean 'warning'?",
    '[server]\ngrace = "soon"': 'server.grace: give seconds, or a text such as "30s"',
    "[server]\ngrace = -1": "server.grace: -1 does not fit; give 0 or more",
    "[server]\ngrace = nan": "server.grace: nan does not fit; give 0 or more",
    "[server]\ngrace = true": "server.grace: give seconds, or a text",
    '[server]\nbody_limit = "big"': 'server.body_limit: give bytes, or a text such as "64KiB"',
    '[policy]\nlosses = "strickt"': "policy.losses: 'strickt' does not fit; did you mean 'strict'?",
    "[policy.retry]\nmax_attempts = 0": "policy.retry.max_attempts: 0 does not fit; give 1 or more",
    "[policy.pools.key]\nthreshold = 1": "policy.pools.key.threshold: 1 does not fit; give 2 or more",
    "[policy.pools.key]\nbase = 0": "policy.pools.key.base: 0 does not fit; give more than 0",
    "[trace]\nshare = 2": "trace.share: 2 does not fit; give 1 or less",
    "[trace]\nbodies = 1": "trace.bodies: 1 does not fit; give true or false",
    "[server]\nport = 1979-05-27": "server.port: a value does not fit; give a whole number",
    "[record]\nmetadata = { a = 1979-05-27 }": "record.metadata.a: input was not a valid JSON value",
    "[record]\nmatch_on = [1]": "record.match_on[0]: 1 does not fit; give a text",
    "routes = [1]": "routes[0]: 1 does not fit; give a table",
    TWO + "quota_groups = 3": "upstreams.b.quota_groups: 3 does not fit; give a list",
    TWO + "models = 3": "upstreams.b.models: 3 does not fit; give a table",
    TWO + "keys = 3": "upstreams.b.keys: 3 does not fit; give a list",
    TWO + 'default = "very long text that may well be a key"': "upstreams.b.default: unknown key; known are",
    TWO + 'selection = "very long text that may well be a key"': "upstreams.b.selection: the text does not fit; use one of",
    TWO + "timeouts = { stal = 1 }": "upstreams.b.timeouts.stal: unknown key; did you mean 'stall'?",
    TWO.replace("upstreams.b", "upstreams.keys") + "timeouts = { stal = 1 }": "upstreams.keys.timeouts.stal: unknown key; did you mean 'stall'?",
    TWO + '[groups.g]\ntargets = [{ to = "a/x", when = { clas = "x" } }]': "groups.g.targets[0].when.clas: unknown key; did you mean 'class'?",
    # secrets
    '[server]\nkeys = ["sk-12345678"]': "server.keys[0].key: a secret does not belong in this file; write",
    '[server]\nkeys = ["env:MY-KEY"]': "server.keys[0].key: env: and the name of a variable",
    '[server]\nkeys = ["file:"]': "server.keys[0].key: file: and a path",
    "[server]\nkeys = [1]": "server.keys[0]: 1 does not fit; give a table",
    "[server]\nkeys = [{ key = 1 }]": 'server.keys[0].key: give a text: "env:NAME", or "file:PATH"',
    "[server]\nkeys = [{}]": "server.keys[0].key: is missing; it says: `env:NAME` or `file:PATH`",
    '[server]\nkeys = ["env:A", "env:A"]': "server.keys[1].name: 'A' is taken by server.keys[0]; rename one",
    '[upstreams.a]\nkeys = ["sk-123"]': "upstreams.a.keys[0].key: a secret does not belong in this file",
    TWO + 'keys = ["env:K", "env:K"]': "upstreams.b.keys[1]: env:K is keys[0], too; take one out",
    TWO + 'keys = ["env:K", { key = "env:L", name = "key1" }]': "upstreams.b.keys[1].name: 'key1' is taken by keys[0]",
    TWO + 'headers = { X-Api-Key = "abc" }': "upstreams.b.headers.X-Api-Key: a secret does not belong here; write auth =",
    TWO + 'headers = { "X:" = "abc" }': 'upstreams.b.headers."X:": is no header field',
    TWO + 'headers = { "X Y" = "abc" }': 'upstreams.b.headers."X Y": is no header field',
    TWO + 'query = "a=1&api_key=x"': "upstreams.b.query: a secret does not belong here",
    TWO + 'auth = { kind = "azure", client_secret = "x" }': "upstreams.b.auth.options: client_secret: a secret does not",
    # upstreams
    "[upstreams.x]": "upstreams.x: says neither preset nor dialect; add preset",
    '[upstreams.x]\ndialect = "gemini"': "upstreams.x: says no base_url; add it, or a preset",
    '[upstreams.x]\npreset = "opena"': "upstreams.x.preset: 'opena' is not known; did you mean 'openai'?",
    '[upstreams.x]\ndialect = "openai.chta"\nbase_url = "http://h"': "upstreams.x.dialect: 'openai.chta' is not known; did you mean",
    TWO + 'also = ["openai.respnses"]': "upstreams.b.also[0]: 'openai.respnses' is not known; did you mean 'openai.responses'?",
    TWO + 'auth = "baerer"': "upstreams.b.auth.kind: 'baerer' is not known; did you mean 'bearer'?",
    TWO + "auth = 3": "upstreams.b.auth: 3 does not fit; give a table",
    TWO + 'server = "groqq"': "upstreams.b.server: 'groqq' is not known; did you mean 'groq'?",
    TWO + "options = { region = 'x' }": "upstreams.b.options: are for a preset, and there is none",
    TWO + 'cassette = "../x"': "upstreams.b.cassette: '../x' is a path; give a name, and the folder as record.root",
    TWO + 'query = "?a=1"': "upstreams.b.query: begins with '?'; write what comes after it",
    TWO + 'client_key = true\nkeys = ["env:K"]': "upstreams.b.client_key: the client's own key is passed on, and there are keys",
    TWO + 'quirks = { tool_ids = "x" }': "upstreams.b.quirks.tool_ids: 'x' is not known; known are",
    TWO + 'quirks = { thinking = "hard" }': "upstreams.b.quirks.thinking: 'hard' does not fit; use one of reasoning_effort",
    TWO + 'quota_groups = [["m"], ["m"]]': "upstreams.b.quota_groups[1]: 'm' stands in quota_groups[0], too",
    TWO + 'limits = { windows = [{ per = "1m" }] }': "upstreams.b.limits.windows[0]: limits nothing; add requests or tokens",
    TWO + 'limits = { windows = [{ per = 0, tokens = 1 }] }': "upstreams.b.limits.windows[0].per: 0 does not fit",
    TWO + 'caps = [{ per = "1d" }]': "upstreams.b.caps[0]: limits nothing",
    TWO + 'caps = [{ per = "1d", tokens = 5, key = "key9" }]': "upstreams.b.caps[0].key: there is no key 'key9'",
    TWO + "limits = { rpm = 0 }": "upstreams.b.limits.rpm: 0 does not fit; give 1 or more",
    TWO + 'selection = "random"': "upstreams.b.selection: 'random' does not fit; use one of sequential, balanced, least_busy",
    '[upstreams."a b"]\ndialect = "gemini"\nbase_url = "http://h"': "upstreams.\"a b\": 'a b' is no name; use letters",
    '[upstreams.x]\ndialect = "gemini"\nbase_url = "ftp://h"': "upstreams.x.base_url: is no URL of a server; write https://HOST/v1",
    '[upstreams.x]\ndialect = "gemini"\nbase_url = "http://h:port"': "upstreams.x.base_url: is no URL; write https://HOST/v1",
    '[upstreams.x]\ndialect = "gemini"\nbase_url = "http://u:p@h"': "upstreams.x.base_url: holds a user name or password",
    '[upstreams.x]\ndialect = "gemini"\nbase_url = "http://h?key=1"': "upstreams.x.base_url: holds a query; give it as query",
    '[upstreams.x]\ndialect = "gemini"\nbase_url = "http://{r}"': "upstreams.x.base_url: holds a place to fill in",
    # names that lead nowhere
    'default = "c"' + TWO: "default: there is no upstream 'c'; known are a, b",
    TWO + '[models.f]\nto = "c/x"': "models.f.to[0]: there is no upstream 'c'; known are a, b",
    TWO + '[models.f]\nto = "nothing"': "models.f.to[0]: nothing is called 'nothing'; known are a, b, f",
    TWO + '[models.f]\nto = "a"': "models.f.to[0]: name the model, too: 'a/MODEL'",
    TWO + '[models.f]\nto = "a/"': "models.f.to[0]: name the model, too: 'a/MODEL'",
    TWO + "[models.f]\nto = []": "models.f.to: a list does not fit; give at least 1",
    TWO + "[models.f]": "models.f.to: is missing; it says: where it leads",
    TWO + '[models.f]\nto = { too = "a/x" }': "models.f.to[0].too: unknown key; did you mean 'to'?",
    TWO + '[models.f]\nto = ["a/x", "a/x"]': "models.f.to[1]: 'a/x' stands here twice; take one out",
    TWO + '[models.f]\nto = { to = "a/x", weight = 0 }': "models.f.to[0].weight: 0 does not fit; give more than 0",
    TWO + '[models.f]\nto = "a/x"\nset = { tempertur = 1 }': "models.f.set.tempertur: unknown parameter; did you mean 'temperature'?",
    TWO + '[models.x]\nto = "a/m"\nset = { temperature = "hot" }': "models.x.set.temperature: 'hot' does not fit; give a number",
    TWO + '[models.x]\nto = "a/m"\nset = { thinking_budget = true }': "models.x.set.thinking_budget: True does not fit; give a whole",
    TWO + '[models.x]\nto = "a/m"\nset = { stop = [1] }': "models.x.set.stop: [1] does not fit; give a text, or a list",
    TWO + '[models.x]\nto = "a/m"\nset = { thinking = "hard" }': "models.x.set.thinking: 'hard' does not fit; use on, off, adap",
    TWO + '[models.x]\nto = "a/m"\nset = { logit_bias = 1 }': "models.x.set.logit_bias: 1 does not fit; give a table",
    TWO + '[models.f]\nto = "f"': "models.f: leads back to itself: f -> f; take one of the targets out",
    TWO + '[models.f]\nto = "g"\n[groups.g]\ntargets = ["a/x", "f"]': "models.f: leads back to itself: f -> g -> f",
    TWO + '[models.a]\nto = "b/x"': "models.a: the name is taken by upstreams.a; rename one",
    TWO + '[models.g]\nto = "b/x"\n[groups.g]\ntargets = ["a/x"]': "groups.g: the name is taken by models.g; rename one",
    TWO + '[models."a/x"]\nto = "b/x"': "models.\"a/x\": is hidden by upstream 'a': upstream/model goes first",
    TWO + 'models = ["m"]\n[models.m]\nto = "a/x"': "models.m: hides a model of upstreams.b.models; give it a name of its own",
    TWO + '[models.m]\nto = "a/m"\nset = { seed = 1 }': "models.m: has the plain name of its model and sets parameters",
    TWO + '[groups.g]\ntargets = ["x/m"]': "groups.g.targets[0]: there is no upstream 'x'",
    TWO + "[groups.g]\ntargets = ['a/m']\nmax_targets = 0": "groups.g.max_targets: 0 does not fit; give 1 or more",
    '[models.f]\nto = "a/x"': "models: lead nowhere, since there is no upstream; add [upstreams.NAME]",
    '[[routes]]\nto = "a"': "routes: lead nowhere, since there is no upstream; add [upstreams.NAME]",
    # routes
    TWO + '[[routes]]\nmodl = "x"\nto = "a"': "routes[0].modl: unknown key; did you mean 'model'?",
    TWO + '[[routes]]\nmodel = "x"': "routes[0].to: is missing; it says: one target",
    TWO + '[[routes]]\nto = "c"': "routes[0].to[0]: nothing is called 'c'",
    TWO + '[[routes]]\ndialect = "opeai.chat"\nto = "a"': "routes[0].when.dialect: 'opeai.chat' is not known; did you mean 'openai.chat'?",
    TWO + '[[routes]]\noperation = "generat"\nto = "a"': "routes[0].when.operation: 'generat' is not known; did you mean 'generate'?",
    TWO + '[[routes]]\nhas = "image"\nto = "a"': "routes[0].when.has: 'image' is not known; did you mean 'images'?",
    TWO + '[[routes]]\ntokens_over = 5\ntokens_under = 6\nto = "a"': "routes[0].when: no request is over and under these tokens",
    TWO + '[[routes]]\nto = "a"\n[[routes]]\nmodel = "x"\nto = "b"': "routes[1]: is never reached, since routes[0] takes every call",
    TWO + '[[routes]]\nwhen = { class = 1 }\nto = "a"': "routes[0].when.class: 1 does not fit; give a list",
    TWO + '[[routes]]\nclient = "team"\nto = "a"': "routes[0].when.client: 'team' is not known; known are -",
    TWO + '[server]\nkeys = ["env:TEAM"]\n[[routes]]\nclient = ["TEM", "T*"]\nto = "a"': "routes[0].when.client: 'TEM' is not known; did you mean 'TEAM'?",
    # policy
    '[policy]\nfailover_on = ["cancelled"]': "policy.failover_on: cancelled always stops; take it out",
    '[policy]\nfailover_on = ["configuration_error", "429"]': "policy.failover_on: configuration_error always stops",
    '[policy]\nfailover_on = ["foo"]': "policy.failover_on: foo names no failure; use some of rate_limit",
    '[policy]\nfailover_on = ["429"]\nstop_on = ["429"]': "policy: rate_limit stands in failover_on and in stop_on",
    TWO + '[groups.g]\ntargets = "a/x"\nfailover_on = ["pre_request"]': "groups.g.failover_on: pre_request always stops",
    # prices
    "[prices.m]\ninput = 1": 'prices.m: the price has no unit; add unit = "1M"',
    '[prices."gpt-5.1"]\nunit = "1M"\ninput = -1': 'prices."gpt-5.1".input: -1 does not fit; give 0 or more',
    '[prices.m]\nunit = "1G"\ninput = 1': "prices.m.unit: '1G' does not fit; use one of 1M, 1K",
    '[prices.m]\nunit = "1M"': "prices.m: says no rate; add input and output",
    # recording
    '[record]\ncassette = "../x"': "record.cassette: '../x' is a path; give a name, and the folder as record.root",
    '[record]\ncassette = "a/b"': "record.cassette: 'a/b' is a path",
    '[record]\nmode = "onec"': "record.mode: unknown record mode 'onec'; use one of once, none",
    '[record]\nmax_age = "x"': "record.max_age: give seconds",
    '[record]\nrepeat = "again"': "record.repeat: 'again' does not fit; use one of error, last, cycle",
    '[responses]\nstore = "postgres:x"': "responses.store: 'postgres:x' is no store; write \"memory\", or \"sqlite:PATH\"",
    '[responses]\nstore = "memory"\n[server]\nworkers = 2': "responses.store: 2 workers do not share memory",
    # rules
    TWO + '[[field_rules]]\nname = "r"\nsource = "response"\npath = "a"\nupstreams = ["c", "a*"]\ninject = { target = "request", path = "b" }': "field_rules[0].upstreams: there is no upstream 'c'; known are a, b",
    '[[classes]]\nname = "x"': "classes[0]: says nothing of a request; add a condition",
    '[[field_rules]]\nname = "r"\nsource = "reply"\npath = "a"\ninject = { target = "request", path = "b" }': "field_rules[0].source: 'reply' does not fit; use one of request, response",
    '[[field_rules]]\nname = "r"\nsource = "response"\npath = "a[x]"\ninject = { target = "request", path = "b" }': "field_rules[0]: path 'a[x]' cannot be read at character 2",
    '[[field_rules]]\nname = "r"\nsource = "response"\npath = "a"\ninject = { target = "metadata", path = "Authorization" }': "field_rules[0]: the header field 'Authorization' cannot be set",
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), BAD.items(), ids=range(len(BAD)))
def test_what_is_wrong_is_told_by_its_place(text, line):
    problems = read_text(text).problems
    assert [problem for problem in problems if problem.startswith(line)], problems
    assert len(problems) <= 2, problems


def test_all_that_is_wrong_is_told_at_once():
    text = """
    default = "c"
    [server]
    port = "x"
    [upstreams.a]
    dialect = "openai.chat"
    base_url = "https://a.test/v1"
    keys = ["sk-secret"]
    [upstreams.b]
    dialect = "gemini"
    [[routes]]
    model = 1
    to = "a"
    [[routes]]
    model = "x"
    to = "nowhere"
    [models.m]
    to = "a/x"
    [groups.g]
    targets = ["m", "h"]
    """
    read = read_text(text)
    assert [problem.partition(": ")[0] for problem in read.problems] == [
        "default",
        "server.port",
        "upstreams.a.keys[0].key",
        "upstreams.b",
        "routes[0].when.model",
        "routes[1].to[0]",
        "groups.g.targets[1]",
    ]
    with pytest.raises(ConfigError) as told:
        build(read)
    assert told.value.problems == read.problems
    assert str(told.value).splitlines()[0] == "config:"
    assert len(str(told.value).splitlines()) == 8


def test_a_name_that_is_wrong_for_another_reason_is_still_a_name():
    text = '[upstreams.a]\nbase_url = 3\n[models.m]\nto = "a/x"\n[[routes]]\nmodel = "x"\nto = "a"'
    assert read_text(text).problems == ("upstreams.a.base_url: 3 does not fit; give a text",)


@pytest.mark.parametrize(
    "text",
    [
        '[server]\nkeys = ["sk-live-51H"]',
        '[upstreams.a]\nkeys = ["sk-live-51H"]',
        '[upstreams.a]\nkeys = [{ key = "sk-live-51H" }]',
        '[upstreams.a]\nkeys = [["sk-live-51H"]]',
        '[upstreams.a]\nkeys = { a = "sk-live-51H" }',
        '[upstreams.a]\nauth = "sk-live-51H"',
        '[upstreams.a]\nauth = { kind = "sk-live-51H" }',
        '[upstreams.a]\nauth = { kind = "azure", client_secret = "sk-live-51H" }',
        '[upstreams.a]\nheaders = { Authorization = "Bearer sk-live-51H" }',
        '[upstreams.a]\nheaders = { Authorization = ["Bearer sk-live-51H"] }',
        '[upstreams.a]\nquery = "key=sk-live-51H"',
        '[upstreams.a]\nbase_url = "https://sk-live-51H@a.test"',
        '[server]\nsalt = "sk-live-51H"',
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(text):
    read = read_text(text)
    assert read.problems
    assert "51H" not in "\n".join(read.problems)
    with pytest.raises(ConfigError) as told:
        build(read)
    assert "51H" not in str(told.value) + repr(told.value)


def test_what_is_no_toml():
    with pytest.raises(ConfigError, match=r"x\.toml:\n  is no TOML: Invalid value"):
        read_text("a = ", "x.toml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory; mend --config"):
        read_file(str(tmp_path / "no.toml"))


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="is no UTF-8 at byte 5; save it as UTF-8"):
        read_file(str(path))


def test_the_error_survives_pickling():
    error = ConfigError("a.toml", ["x: y", "z: w"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.problems, str(again)) == (error.path, error.problems, str(error))


def test_a_gateway_has_no_mode_verify(monkeypatch):
    document = read_text('[record]\nmode = "verify"', "f.toml")
    assert "record.mode: mode 'verify' is for tests and programs" in str(document.problems)
    monkeypatch.setenv("TOKENTAPE_MODE", "verify")
    with pytest.raises((UsageError, ConfigError), match="TOKENTAPE_MODE: mode 'verify' is for"):
        mode_of(None)
