"""What differs, aligned by turn and tool."""

from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_requests import GEMINI, MESSAGES, chat, post, search, user, weather

from tokentape.matching.diff import WIDTH, Change, Difference, diff, first_difference, shown, windows
from tokentape.matching.key import Matcher


def between(recorded, incoming):
    form = Matcher().canonical
    return diff(form(recorded), form(incoming))


def paths(recorded, incoming):
    return [(found.path, found.change.value) for found in between(recorded, incoming)]


TURNS = [
    user("a"),
    {"role": "assistant", "content": "b"},
    user("c"),
    {"role": "assistant", "content": "d"},
    user("e"),
]


def test_equal_requests_do_not_differ():
    assert between(chat(*TURNS), chat(*TURNS)) == []


@pytest.mark.parametrize("at", range(6))
def test_an_inserted_turn_is_one_addition(at):
    longer = [*TURNS[:at], user("new"), *TURNS[at:]]
    assert paths(chat(*TURNS), chat(*longer)) == [(f"messages[{at}]", "added")]
    assert paths(chat(*longer), chat(*TURNS)) == [(f"messages[{at}]", "removed")]


def test_an_insertion_and_a_change_are_two_differences():
    other = [user("new"), *TURNS[:2], user("other"), *TURNS[3:]]
    assert paths(chat(*TURNS), chat(*other)) == [("messages[0]", "added"), ("messages[3].content", "changed")]


def test_a_changed_turn_and_one_more_after_it():
    recorded = chat(user("Weather?"))
    incoming = chat(user("Weather in Paris?"), {"role": "assistant", "content": "x"}, user("y"))
    assert paths(recorded, incoming) == [
        ("messages[0].content", "changed"), ("messages[1]", "added"), ("messages[2]", "added"),
    ]  # fmt: skip


def test_tools_go_by_name():
    recorded = chat(tools=[search(), weather(city={"type": "string"})])
    incoming = chat(tools=[weather(city={"type": "number"}), {**search(), "function": {"name": "add"}}])
    assert paths(recorded, incoming) == [
        ("tools[get_weather].function.parameters.properties.city.type", "changed"),
        ("tools[search]", "removed"),
        ("tools[add]", "added"),
    ]


def test_tools_inside_a_tool_go_by_name_too():
    def asked(*names):
        return post(
            GEMINI, {"contents": [], "tools": [{"functionDeclarations": [{"name": n} for n in names]}]}
        )

    assert paths(asked("a", "b"), asked("a", "x", "b")) == [("tools[0].functionDeclarations[x]", "added")]


def test_blocks_go_by_position_and_type():
    def asked(*blocks):
        return post(MESSAGES, {"messages": [user(list(blocks))]})

    image = {"type": "image", "source": {"type": "url", "url": "https://a"}}
    result = {"type": "tool_result", "tool_use_id": "x", "content": "1"}
    text = {"type": "text", "text": "see"}
    assert paths(asked(text, image), asked(text, result, image)) == [("messages[0].content[1]", "added")]
    changed = {**image, "source": {"type": "url", "url": "https://b"}}
    assert paths(asked(text, image), asked(text, changed)) == [
        ("messages[0].content[1].source.url", "changed")
    ]


def test_settings_come_last_and_without_prefix():
    found = paths(chat(temperature=0.2), chat(user("x"), model="m", temperature=0.7, odd={"a": 1}))
    assert found == [
        ("model", "changed"),
        ("messages[0].content", "changed"),
        ("odd", "added"),
        ("temperature", "changed"),
    ]


def test_values_are_cut_in_text_and_whole_in_attributes():
    one, other = "x" * 5000 + "left" + "y" * 5000, "x" * 5000 + "right" + "y" * 5000
    (found,) = between(chat(user(one)), chat(user(other)))
    assert (found.recorded, found.incoming) == (one, other)
    assert "left" in str(found)
    assert "right" in str(found)
    assert len(str(found)) < 2 * WIDTH + 60
    (added,) = between(chat(), chat(odd=one))
    assert len(str(added)) < WIDTH + 60
    assert added.incoming == one


def test_the_three_sentences():
    assert str(Difference("a", 1, 2)) == "a: recorded 1, now 2"
    assert str(Difference("a", None, "x", Change.ADDED)) == 'a: not in the recording, now "x"'
    assert str(Difference("a", {"b": None}, None, Change.REMOVED)) == 'a: recorded {"b":null}, now gone'


def test_control_and_bidi_characters_are_shown_escaped():
    told = shown("a\u202eb\x07\ud800\n")
    assert told == '"a\\u202eb\\u0007\\ud800\\n"'
    assert told.isprintable()


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_first_difference_and_its_window(same, one, other):
    left, right = same + one, same + other
    at = first_difference(left, right)
    assert left[:at] == right[:at]
    assert left == right or left[at : at + 1] != right[at : at + 1]
    assert all(len(text) <= 12 * WIDTH and text.isprintable() for text in windows(left, right))


turns = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(turns, turns)
def test_there_is_a_difference_exactly_if_the_keys_differ(one, other):
    recorded, incoming = ({"messages": [user(text) for text in turn]} for turn in (one, other))
    assert bool(diff(recorded, incoming)) is (one != other)
    added = [d for d in diff(recorded, incoming) if d.change is Change.ADDED]
    removed = [d for d in diff(recorded, incoming) if d.change is Change.REMOVED]
    assert len(one) + len(added) - len(removed) == len(other)


@pytest.mark.parametrize("texts", [range(2000), [0, 1] * 1000, [n % 150 for n in range(2000)]])
def test_hostile_sizes_come_to_an_end(texts):
    recorded = [user(str(text)) for text in texts]
    incoming = random.Random(1).sample(recorded, len(recorded))
    found = diff({"messages": recorded}, {"messages": incoming})
    assert 0 < len(found) <= 2 * len(recorded)


def test_nesting_without_end_is_one_difference():
    deep: list[object] = []
    other: list[object] = [1]
    for _ in range(5000):
        deep, other = [deep], [other]
    (found,) = diff({"a": deep}, {"a": other})
    assert found.path == "body"


def test_a_difference_survives_pickling():
    found = between(chat(), chat(odd=[1]))
    assert pickle.loads(pickle.dumps(found)) == found
