"""`match_on`: presets, fields, removals, ignored paths, volatile text; what is wrong is said in one line."""

from __future__ import annotations

import pytest
from matching_requests import CHAT, GEMINI, MESSAGES, OTHER, chat, post, search, user, weather

from tokentape.errors import UsageError
from tokentape.matching.fields import PRESETS, MatchOn
from tokentape.matching.key import KEY_VERSION, Matcher
from tokentape.wire.message import Request


def same(match_on, *requests):
    matcher = Matcher(match_on if isinstance(match_on, MatchOn) else MatchOn.of(match_on))
    return len({matcher.key(request) for request in requests}) == 1


def beta(value):
    return Request("POST", CHAT, (("Anthropic-Beta", value),), chat().body)


LOCAL = post("http://localhost:1234/v1/chat/completions", chat().body)


@pytest.mark.parametrize(
    ("match_on", "one", "other", "expected"),
    [
        ("default", chat(), LOCAL, True),
        ("strict", chat(), LOCAL, False),
        ("strict", chat(), chat(user([{"type": "text", "text": "Capital of France?"}])), True),
        ("exact", chat(), chat(user([{"type": "text", "text": "Capital of France?"}])), False),
        ("exact", chat(), chat(), True),
        ("prompt", chat(), chat(temperature=1, tools=[weather()]), True),
        ("prompt", chat(), chat(model="other"), False),
        ("prompt", chat(), chat(user("?")), False),
        ("prompt", post(OTHER, {"q": 1}), post(OTHER, {"q": 2}), False),
        ("vcr", chat(), chat(user("?")), True),
        ("vcr", chat(), LOCAL, False),
        ("-model", chat(), chat(model="other"), True),
        ("-model", chat(), chat(user("?")), False),
        ("-model", post(OTHER, {"model": "a"}), post(OTHER, {"model": "b"}), True),
        ("-stream", chat(), chat(stream=True), True),
        ("-tools", chat(), chat(tools=[weather()]), True),
        (["-body.temperature"], chat(), chat(temperature=1), True),
        (["-query.version"], post(f"{CHAT}?version=1", b"{}"), post(f"{CHAT}?version=2", b"{}"), True),
        (["-query.version"], post(f"{CHAT}?other=1", b"{}"), post(f"{CHAT}?other=2", b"{}"), False),
        (["-host"], post(OTHER, {}), post("https://example.com/search", {}), True),
        (["-path"], post(OTHER, {}), post(f"{OTHER}/2", {}), True),
        (["-path"], post(OTHER, {}), post("https://example.com/search", {}), False),
        (["default", "host"], chat(), LOCAL, False),
        (["default", "port"], LOCAL, post("http://localhost:1/v1/chat/completions", chat().body), False),
        (["default", "headers.anthropic-beta"], beta("a"), beta("b"), False),
        (["default", "headers.anthropic-beta"], beta("a"), beta("a"), True),
        ("default", beta("a"), beta("b"), True),
        (["method", "path"], chat(), chat(model="other"), True),
        (["method", "body.model"], chat(), chat(user("?")), True),
        (["method", "body.model"], chat(), chat(model="other"), False),
        (["messages"], chat(), chat(model="other"), True),
        (["body.messages[0].content"], chat(user("a"), user("b")), chat(user("a"), user("c")), True),
        (["body.messages[1].content"], chat(user("a"), user("b")), chat(user("a"), user("c")), False),
        (["body.messages[9].content"], chat(user("a")), chat(user("b")), True),
        (["default", "body.model.x"], chat(), chat(model="other"), False),
        (["messages"], chat(), chat(user("?")), False),
        (["query.a"], post(f"{CHAT}?a=1&b=2", b"{}"), post(f"{CHAT}?a=1&b=3", b"{}"), True),
        (["query.a"], post(f"{CHAT}?a=1", b"{}"), post(f"{CHAT}?a=2", b"{}"), False),
        (["-model", "model"], chat(), chat(model="other"), False),
        ("default, -model", chat(), chat(model="other"), True),
    ],
)
def test_fields(match_on, one, other, expected):
    assert same(match_on, one, other) is expected


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("body.metadata.run_id", post(OTHER, {"metadata": {"run_id": 1}}), post(OTHER, {"metadata": {"run_id": 2}})),
        ("metadata.run_id", post(OTHER, {"metadata": {"run_id": 1}}), post(OTHER, {"metadata": {}})),
        ("messages[*].content[0].text", chat(user("a")), chat(user("b"))),
        ("messages[*].content[0].text", chat(user([{"type": "text", "text": "a"}])), chat(user("b"))),
        ("messages[0].content", chat(user("a")), chat(user("b"))),
        ("messages[*].name", chat({**user("a"), "name": "x"}), chat({**user("a"), "name": "y"})),
        ("**.id", post(OTHER, {"a": [{"id": 1, "b": {"id": 3}}]}), post(OTHER, {"a": [{"id": 2, "b": {}}]})),
        ("a.*.b", post(OTHER, {"a": {"x": {"b": 1}}}), post(OTHER, {"a": {"x": {"b": 2}}})),
        ('["a.b"]', post(OTHER, {"a.b": 1}), post(OTHER, {"a.b": 2})),
        ("tools[search].function.description", chat(tools=[weather(), search()]),
         chat(tools=[weather(), {**search(), "function": {**search()["function"], "description": "x"}}])),
        ("contents[0].parts[0].text", post(GEMINI, {"contents": [{"parts": [{"text": "a"}]}]}),
         post(GEMINI, {"contents": [{"parts": [{"text": "b"}]}]})),
        ("generation_config.top_k", post(GEMINI, {"generationConfig": {"topK": 1}}),
         post(GEMINI, {"generationConfig": {"topK": 2}})),
        ("system", post(MESSAGES, {"messages": [], "system": "a"}), post(MESSAGES, {"messages": [], "system": "b"})),
    ],
)  # fmt: skip
def test_ignored_paths(path, one, other):
    assert not same("default", one, other)
    assert same(MatchOn(ignore=(path,)), one, other)


def test_an_ignored_path_leaves_the_rest():
    assert not same(
        MatchOn(ignore=("messages[0].content",)), chat(user("a"), user("b")), chat(user("a"), user("c"))
    )
    assert not same(MatchOn(ignore=("**.id",)), post(OTHER, {"a": 1}), post(OTHER, {"a": 2}))


def test_volatile_text_counts_as_one_token():
    today = MatchOn(volatile=(r"\d{4}-\d\d-\d\d",))
    assert same(today, chat(user("Today is 2026-11-21.")), chat(user("Today is 2027-01-02.")))
    assert not same(today, chat(user("Today is 2026-11-21.")), chat(user("Yesterday was 2027-01-02.")))
    assert same(today, post(OTHER, b"on 2026-11-21"), post(OTHER, b"on 2027-01-02"))
    assert same(
        today, chat(tools=[weather(day={"x": "2026-11-21"})]), chat(tools=[weather(day={"x": "2027-11-21"})])
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MatchOn.of("defualt"), ["defualt", "did you mean 'default'"]),
        (lambda: MatchOn.of(["modle"]), ["modle", "'model'"]),
        (lambda: MatchOn.of(["-bdy"]), ["-bdy", "'body'"]),
        (lambda: MatchOn.of(["headers"]), ["headers", "headers.anthropic-beta"]),
        (lambda: MatchOn.of(["headers.a b"]), ["headers.a b", "header name"]),
        (lambda: MatchOn.of(["-default"]), ["-default", "leave 'default' out"]),
        (lambda: MatchOn.of(["zzz"]), ["zzz", "known are default, strict"]),
        (lambda: MatchOn.of([3]), ["3", "'-model'"]),
        (lambda: MatchOn(fields=("nope",)), ["nope"]),
        (lambda: MatchOn.of(["body.a..b"]), ["body.a..b", "character"]),
        (lambda: MatchOn(ignore=("a[",)), ["'a['", "character 2"]),
        (lambda: MatchOn(ignore=("",)), ["''", "names no field"]),
        (lambda: MatchOn(ignore=("a.**",)), ["a.**", "names no field"]),
        (lambda: MatchOn(volatile=("(",)), ["'('", "regular expression"]),
        (lambda: MatchOn(volatile=("x*",)), ["'x*'", "empty text"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_fix(make, said):
    with pytest.raises(UsageError) as caught:
        make()
    assert "\n" not in str(caught.value)
    for words in said:
        assert words in str(caught.value)


def test_ways_to_say_the_same():
    ready = MatchOn(("strict",))
    assert MatchOn.of(None) == MatchOn.of("") == MatchOn.of([]) == MatchOn()
    assert MatchOn.of(ready) is ready
    assert MatchOn.of("default,headers.X-A") == MatchOn.of(["default", "headers.x-a"])


def test_rules_change_with_everything_that_shapes_keys():
    settings = [MatchOn((preset,)) for preset in PRESETS]
    settings += [
        MatchOn.of("-model"),
        MatchOn(ignore=("a",)),
        MatchOn(volatile=("a",)),
        MatchOn(volatile=("b",)),
    ]
    rules = [Matcher(setting).rules for setting in settings]
    assert len(set(rules)) == len(rules)
    assert all(rule.startswith(f"{KEY_VERSION}:") and len(rule) == 7 for rule in rules)
    assert Matcher(MatchOn.of(["default", "-model"])).rules == Matcher(MatchOn.of("-model")).rules
