"""Whose memory a value is in, how much of it there is, and rules that cannot be."""

from __future__ import annotations

import json

import pytest
from gw_fields_setting import ALICE, NoAuth, exchange, given, memory, rule

from tokentape.errors import UsageError
from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.fields.scope import NAMES, Scope, key_of
from tokentape.gateway.fields.values import Values
from tokentape.upstreams.upstream import Upstream

# ---- scopes


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("client", Scope("bob", "key1", session="s", conversation="c", kind="main")),
        ("credential", Scope("alice", "key2", session="s", conversation="c", kind="main")),
        ("session", Scope("alice", "key1", session="s2", conversation="c", kind="main")),
        ("conversation", Scope("alice", "key1", session="s", conversation="c2", kind="main")),
        ("class", Scope("alice", "key1", session="s", conversation="c", kind="title")),
    ],
)
def test_each_scope_keeps_apart(name, other):
    held = memory(rule(scope=(name,)))
    exchange(held, {"state": 1})
    assert "state" not in given(held, scope=other).body
    assert given(held).body["state"] == 1


@pytest.mark.parametrize("name", ["credential", "session", "conversation", "class"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_missing_scope_fails_closed(name, nothing):
    """The defect: a missing credential led into a shared `_none` bucket."""
    values = {"credential": "key1", "session": "s", "conversation": "c", "kind": "main"}
    values["kind" if name == "class" else name] = nothing
    nobody = Scope("alice", **values)
    held = memory(rule(scope=(name,)))
    assert exchange(held, {"state": 1}, scope=nobody) == [f"r: skipped: no {name}"]
    assert len(held.values) == 0
    exchange(held, {"state": 1})
    found = given(held, scope=nobody)
    assert found.body == {"model": "m"}
    assert [str(note) for note in found.notes] == [f"r: skipped: no {name}"]


def test_no_name_can_be_made_to_meet_another_keys():
    """The defect: delimiter key collisions."""
    seen = set()
    names = frozenset({"client", "credential", "conversation"})
    for client, credential, conversation in (
        ("a", "b", "c"),
        ("a:b", "c", "c"),
        ("a", "b:c", "c"),
        ("a|b", "", ""),
        ("a\0b", "c", "d"),
        ("a", "b\0c", "d"),
        ("ab", "c", "d"),
        ("a", "bc", "d"),
    ):
        if credential:
            scope = Scope(client, credential, conversation=conversation)
            seen.add(key_of(("field", "r", ""), names, "up", "m", scope))
    assert len(seen) == 7
    assert key_of(("a", "b"), names, "u", "m", ALICE) != key_of(("ab",), names, "u", "m", ALICE)


@pytest.mark.parametrize("scope", [(), ("class",), ("upstream", "model")])
def test_no_rule_weakens_the_scope_the_client_is_always_part_of_it(scope):
    """The defect: a JSON rule weakening scope."""
    made = rule(scope=scope)
    assert "client" in made.scopes
    assert "upstream" in made.scopes
    assert "upstream" not in rule(scope=scope, upstreams=("up", "other")).scopes - set(scope)


@pytest.mark.parametrize("name", ["gemini-signatures", "openai-reasoning", "prompt-cache-key"])
def test_no_rule_takes_the_place_of_a_built_in_one(name):
    with pytest.raises(UsageError, match="belongs to a built-in rule"):
        memory(rule(name=name, scope=()))


def test_upstreams_and_models_are_chosen_by_patterns():
    held = memory(rule(models=("gpt-*",), upstreams=("u*",)))
    assert exchange(held, {"state": 1}, model="gpt-5") == ["r: kept 1"]
    assert exchange(held, {"state": 1}, model="claude") is None
    other = Upstream("other", "openai.chat", "http://localhost", NoAuth())
    assert exchange(held, {"state": 1}, model="gpt-5", up=other) is None


@pytest.mark.parametrize("path", ["previous_response_id", "conversation.id"])
def test_names_of_kept_state_go_only_to_upstreams_that_keep_it(path):
    made = rule(path="id", to=path)
    assert exchange(memory(made), {"id": "resp_1"}) is None
    keeps = Upstream("up", "openai.responses", "http://localhost", NoAuth(), keeps_responses=True)
    held = memory(made)
    assert exchange(held, {"id": "resp_1"}, up=keeps) == ["r: kept 1"]
    assert given(held).body == {"model": "m"}
    assert path.split(".")[0] in given(held, up=keeps).body


# ---- bounds, traces, mistakes


def test_values_grow_old():
    now = [0.0]
    held = memory(rule(ttl=10), clock=lambda: now[0])
    exchange(held, {"state": 1})
    now[0] = 9.9
    assert "state" in given(held).body
    now[0] = 10.0
    assert "state" not in given(held).body


def test_the_least_recently_used_values_go_first():
    held = memory(rule(scope=("conversation",)), options=FieldOptions(entries=2))
    scopes = [Scope("a", "k", conversation=name) for name in "xyz"]
    for scope in scopes[:2]:
        exchange(held, {"state": 1}, scope=scope)
    given(held, scope=scopes[0])
    exchange(held, {"state": 1}, scope=scopes[2])
    assert ["state" in given(held, scope=scope).body for scope in scopes] == [True, False, True]


def test_values_are_bounded_by_bytes():
    kept = Values(clock=lambda: 0.0, most_bytes=10)
    kept.put(b"a", ["xxxx"], 1)
    kept.put(b"b", ["xxxx"], 1)
    kept.put(b"c", ["xxxx"], 1)
    assert (kept.get(b"a"), kept.get(b"b"), kept.size) == ([], ["xxxx"], 8)
    kept.put(b"d", ["x" * 11], 1)
    assert kept.get(b"d") == []
    kept.put(b"b", [], 1)
    assert (len(kept), kept.size) == (1, 4)


def test_a_shared_store_may_stand_in():
    class Shared:
        def __init__(self):
            self.held = {}

        def get(self, key):
            return list(self.held.get(key, []))

        def put(self, key, values, ttl):
            self.held[key] = json.loads(json.dumps(values))

    shared = Shared()
    one, two = memory(rule(), values=shared), memory(rule(), values=shared)
    exchange(one, {"state": 1})
    assert given(two).body["state"] == 1


def test_traces_never_show_a_value():
    """The defect: a trace leaking cached state."""
    held = memory(rule(), rule(to="X-S", target="metadata", name="h"))
    notes = exchange(held, {"state": "SECRET-STATE"})
    found = given(held)
    assert "SECRET-STATE" not in repr((notes, found.notes, held.values, held))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"source": "reply"}, "'reply' is not known; known are request, response"),
        ({"mode": "first"}, "'first' is not known; known are last, all"),
        ({"target": "body"}, "'body' is not known"),
        ({"scope": ("tenant",)}, f"scope 'tenant' is not known; known are {', '.join(NAMES)}"),
        ({"path": "a..b"}, "cannot be read at character 2"),
        ({"path": ""}, "names no field"),
        ({"path": ".a"}, "cannot be read at character 1"),
        ({"to": "a[x]"}, "cannot be read"),
        ({"ttl": 0}, "more than nothing"),
        ({"max_values": 0}, "more than nothing"),
        ({"target": "metadata", "to": "Authorization"}, "cannot be set by a rule"),
        ({"target": "metadata", "to": "x-tokentape-session"}, "cannot be set by a rule"),
        ({"target": "metadata", "to": "a b"}, "no name of a header field"),
        ({"target": "canonical_request", "to": "items[0]"}, "only options can be set"),
        ({"target": "canonical_request", "to": "options.nothing"}, "only options can be set"),
        ({"target": "metadata", "to": "X-A", "mode": "per_tool_call"}, "go into the request"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(more, said):
    with pytest.raises(UsageError) as caught:
        rule(**more)
    assert str(caught.value).startswith("field rule 'r': ")
    assert said in str(caught.value)


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(UsageError, match="is there twice"):
        memory(rule(), rule())


def test_unknown_built_in_rules_are_refused():
    with pytest.raises(UsageError, match="no built-in field rule is called 'gemini'"):
        memory(options=FieldOptions(off=frozenset({"gemini"})))
