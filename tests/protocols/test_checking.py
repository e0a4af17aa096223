"""Typed reads say what is wrong, and where."""

from __future__ import annotations

import math

import pytest

from tokentape.errors import ProtocolError
from tokentape.protocols.checking import Where, named

HERE = Where("openai.chat", ("messages", 2))


@pytest.mark.parametrize(
    ("method", "good", "bad"),
    [
        ("fields", {}, []),
        ("entries", [], {}),
        ("text", "", None),
        ("text_or_none", None, 1),
        ("flag_or_none", False, 0),
        ("integer_or_none", 5, True),
        ("integer_or_none", None, 5.5),
        ("number_or_none", 0.5, "0.5"),
        ("number_or_none", None, math.nan),
        ("number_or_none", 1, math.inf),
        ("texts_or_none", None, [1]),
    ],
)
def test_the_right_type_comes_back_and_the_wrong_one_is_an_error(method, good, bad):
    assert getattr(HERE, method)(good) == good
    with pytest.raises(ProtocolError, match=r"^openai\.chat: messages\[2\]\.a") as caught:
        getattr(HERE, method)(bad, "a")
    assert caught.value.path.startswith("messages[2].a")
    assert caught.value.dialect == "openai.chat"


def test_a_whole_float_is_a_whole_number_and_one_text_a_list_of_one():
    assert HERE.integer_or_none(5.0) == 5
    assert HERE.texts_or_none("END") == ("END",)
    assert HERE.texts_or_none(["a", "b"]) == ("a", "b")


def test_a_place_further_in():
    with pytest.raises(ProtocolError, match=r"messages\[2\]\.content\[0\]: expected an object, found text"):
        HERE.at("content", 0).fields("x")


def test_values_in_words():
    assert [named(value) for value in (None, "", 1, 1.5, True, [], {})] == [
        "nothing", "text", "a number", "a number", "true or false", "a list", "an object",
    ]  # fmt: skip
