"""The rules of a shape, one by one, on shapes made for the purpose."""

from __future__ import annotations

import pytest
from matching_requests import chat, user

from tokentape.matching.canonical import body_sections
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher
from tokentape.protocols.dialect import PLAIN, Shape

TALK = Shape(
    conversation="turns",
    system=("rules",),
    system_roles=frozenset({"system"}),
    tools=("config.tools", "groups.members"),
    ignored=frozenset({"trace", "options.trace", "absent.trace", "options.trace.deep"}),
    marks=frozenset({"cached"}),
    ids=frozenset({"id", "answers"}),
    opaque=frozenset({"input"}),
    defaults=(("stream", False), ("include", [])),
    implied=(("kind", "turn"),),
)


def sections(body, shape=TALK):
    return body_sections(body, shape)


def test_a_body_that_is_no_object_stays_as_it_is():
    assert sections([1, {"trace": 2}]) == {"body": [1, {"trace": 2}]}


def test_a_shape_that_knows_nothing_changes_nothing():
    body = {"messages": [None, {"id": "a"}], "x": None, "stream": False}
    assert sections(body, PLAIN) == {"body": body}


@pytest.mark.parametrize(
    "turns",
    [
        "Hi",
        ["Hi"],
        [{"text": "Hi"}],
        {"text": "Hi"},
        user("Hi"),
        [user("Hi")],
        [{"kind": "turn", **user(["Hi"])}],
    ],
)
def test_ways_to_write_one_turn(turns):
    assert sections({"turns": turns})["messages"] == [user("Hi")]


@pytest.mark.parametrize("turns", [None, 3, True])
def test_what_is_no_conversation_stays_in_the_body(turns):
    body = {} if turns is None else {"turns": turns}
    assert sections({"turns": turns}) == {"body": body}


def test_turns_that_are_no_objects_are_kept():
    assert sections({"turns": [3, user("Hi"), "Hi"]})["messages"] == [3, user("Hi"), "Hi"]


def test_system_text_wherever_it_stands():
    turns = [{"role": "system", "content": "b"}, {"role": "system", "content": "c", "name": "x"}, user("Hi")]
    told = sections({"rules": {"role": "any", "content": [{"text": "a"}]}, "turns": turns})
    assert told["system"] == ["a", "b", {"content": "c", "name": "x"}]
    assert told["messages"] == [user("Hi")]
    assert sections({"rules": "a"}) == {"system": ["a"], "body": {}}


def test_ignored_fields_go_where_they_stand_and_the_body_is_not_touched():
    body = {"trace": 1, "options": {"trace": 2, "top": 3}, "rest": {"trace": 4}}
    assert sections(body)["body"] == {"options": {"top": 3}, "rest": {"trace": 4}}
    assert body["options"] == {"trace": 2, "top": 3}
    assert sections({"options": "text"})["body"] == {"options": "text"}


def test_lists_without_order_are_sorted_innermost_first_and_tools_taken_out():
    body = {
        "config": {"tools": [{"name": "b"}, {"name": "a"}], "choice": "any"},
        "groups": [{"members": ["z", "y"]}, {"members": [2, 1]}, 3],
    }
    told = sections(body)
    assert told["tools"] == [{"name": "a"}, {"name": "b"}]
    assert told["body"] == {
        "config": {"choice": "any"},
        "groups": [{"members": ["y", "z"]}, {"members": [1, 2]}, 3],
    }


def test_tools_of_one_name_are_sorted_by_what_they_say():
    one, other = {"name": "a", "x": 1.0}, {"name": "a", "x": 2}
    orders = [sections({"config": {"tools": tools}})["tools"] for tools in ([one, other], [other, one])]
    assert orders[0] == orders[1] == [one, other]


def test_marks_go_with_the_blocks_that_hold_nothing_else():
    blocks = [{"cached": True}, {"text": "a", "cached": True}, {}, {"input": {"cached": 1}}]
    assert sections({"turns": [user(blocks)]})["messages"] == [user(["a", {}, {"input": {"cached": 1}}])]


def test_ids_are_numbered_except_inside_what_is_opaque_and_in_references():
    turns = [
        user([{"id": "x", "input": {"id": "x"}}, {"answers": "y", "t": 1}, {"answers": "x", "t": 2}]),
        {"id": "x"},
    ]
    first, reference = sections({"turns": turns})["messages"]
    assert first["content"] == [
        {"id": "#1", "input": {"id": "x"}},
        {"answers": "#2", "t": 1},
        {"answers": "#1", "t": 2},
    ]
    assert reference == {"id": "x"}


def test_defaults_go_but_only_if_of_the_same_type():
    assert sections({"stream": False, "include": []})["body"] == {}
    assert sections({"stream": 0, "include": {}})["body"] == {"stream": 0, "include": {}}


def test_null_goes_outside_what_is_opaque():
    body = {"a": None, "b": {"c": None, "input": {"d": None}}}
    assert sections(body)["body"] == {"b": {"input": {"d": None}}}


@pytest.mark.parametrize("depth", [*range(300, 1000, 25), 2000, 200_000])
@pytest.mark.parametrize("match_on", [MatchOn(), MatchOn(ignore=("**.x",)), MatchOn(volatile=("x",))])
def test_any_depth_of_nesting_has_a_key_and_a_form(depth, match_on):
    matcher = Matcher(match_on)
    bodies = [b'{"messages":' + b"[" * depth + end + b"]" * depth + b',"model":"m"}' for end in (b"1", b"2")]
    requests = [type(chat())("POST", chat().url, (), body) for body in bodies]
    assert matcher.key(requests[0]) != matcher.key(requests[1])
    assert all(matcher.canonical(request) for request in requests)
