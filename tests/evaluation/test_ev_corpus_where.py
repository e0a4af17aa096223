"""The language of --where: against a reference, and every mistake in one line with its column."""

from __future__ import annotations

import operator
import re
from pathlib import Path

import pytest
from ev_corpora import chat, row, user
from hypothesis import given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.evaluation.corpus.names import FIELDS, FLAG, LIST, NUMBER, TEXT
from tokentape.evaluation.corpus.where import DEEPEST, LONGEST, Where, field

TOOLS = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
CALL = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06",
    "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": "I look.",
        "tool_calls": [{"id": "t", "type": "function", "function": {"name": "search", "arguments": "{}"}}]}}],
}  # fmt: skip
ROW = row(
    chat(
        {"role": "user", "content": [{"type": "text", "text": "A refund, please: 100% über alles"}, PICTURE]},
        reply=CALL,
        tools=TOOLS,
        metadata={
            "category": "extract",
            "tag": "v1",
            "team": {"name": "a-b", "size": 3},
            "labels": ["x", 1],
            "odd one": True,
        },
    )
)
BARE = row(chat(user("Hi"), model="home-made", usage=None, ms=(None, ())))


@pytest.mark.parametrize(
    "condition",
    [
        'model == "gpt-4o" and category == "extract"',
        'model != "gpt-5" and not streamed',
        "dialect == 'openai.chat'",
        'provider == "openai" and host == "api.openai.com"',
        'category in ["extract", "triage"] and category not in ["x"] and category in ("extract",)',
        '"refund" in text and "refund" in prompt and "refund" in asks and "refund" not in reply',
        '"look" in reply and "look" in text',
        'tools and "search" in tools and "search" in calls and "delete" not in calls',
        "images and images == 1 and not documents and sounds == 0 and videos < 1",
        "tokens == 120 and tokens_in == 100 and tokens_out == 20",
        "0 < cost < 1 and cost != 0 and cost > -1 and cost >= 0.0",
        "seconds == 0.45 and first <= 0.4 < seconds",
        'stop == "tool_calls" and status == 200 and whole and turns == 1',
        'model matches "gpt-*" and not model matches "gpt-?" and model matches "gp[st]-4o"',
        'answered matches "gpt-4o-*" and model  matches\t"gpt*"',
        'metadata.tag == "v1" == tag and metadata.team.size > 2 and metadata["odd one"] == True',
        'metadata.team["name"] == "a-b" and "team" in metadata and "x" in metadata.labels',
        "metadata.nothing == None and metadata.nothing.at.all is None and metadata.tag is not None",
        'at >= "2026-11-21" and at < "2026-11-22"',
        '"100% über" in text and output == "text"',
        'cassette == "a.json" and id == "" and operation == "openai.chat/create"',
        'session == None or (session == "x" and streamed)',
        '"matches" not in text and not "it matches" in text',
        'not (model == "gpt-5" or model == "o3")',
        '  (model == "gpt-4o"\n and category == "extract")  ',
        "metadata.labels and 1 in metadata.labels and True not in metadata.labels",
    ],
)
def test_what_fits(condition):
    assert Where(condition)(ROW)
    assert not Where(f"not ({condition})")(ROW)


@pytest.mark.parametrize(
    "condition",
    [
        "cost", "cost < 1", "cost > 0", "cost >= 0", "tokens > 0", "seconds < 100", "first == 0", "category",
        'category == "extract"', "metadata.x > 1", 'metadata.x matches "*"', '"x" in metadata.x', "tools", "images",
        'category < "z"', "cost == 0", '"a" in metadata', "streamed", "metadata",
    ],
)  # fmt: skip
def test_what_is_unknown_fits_nothing_but_none(condition):
    assert not Where(condition)(BARE)
    assert Where("cost == None and seconds is None and category == None")(BARE)


@pytest.mark.parametrize(
    ("condition", "column", "problem"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("modle == 'x'", 1, "did you mean model?"),
        ("model == 'x' and  modle == 'y'", 19, "unknown name 'modle'"),
        ("  streamd", 3, "did you mean streamed?"),
        ('"é" in text or streamd', 16, "unknown name"),
        ("streamed == true", 13, "write True"),
        ("cost == null", 9, "write None"),
        ("model == gpt", 10, "texts stand in quotes"),
        ("model == 5", 10, "compare a text with a text, not with a number"),
        ("cost == '5'", 9, "compare a number with a number"),
        ("streamed == 1", 13, "compare True or False with True or False"),
        ("streamed < True", 1, "< compares numbers or texts"),
        ("tools > 1", 1, "> compares numbers or texts, not a list"),
        ("cost < None", 8, "compares numbers or texts, not None"),
        ("cost < 'x'", 8, "compare a number with a number"),
        ("5 in text", 1, "a text holds texts"),
        ("'x' in cost", 8, "stands a list"),
        ("model in ['a', 5]", 16, "compare a text"),
        ("model in [cost]", 11, "a list holds texts and numbers"),
        ("model in ['a'", 10, "never closed"),
        ("model matches 5", 15, "a pattern"),
        ("cost matches '5'", 1, "looks at texts"),
        ("model matches model", 15, "a pattern"),
        ("model = 'x'", 7, "write conditions as in"),
        ("model == 'x", 10, "unterminated"),
        ("model == 'x' &&", 15, "invalid syntax"),
        ("len(text) > 5", 1, "this is no value"),
        ("__import__('os')", 1, "this is no condition"),
        ("text.upper() == 'X'", 1, "this is no value"),
        ("model.name == 'x'", 1, "only metadata has fields"),
        ("metadata[0] == 'x'", 1, "this is no value"),
        ("metadata[model] == 'x'", 1, "this is no value"),
        ("().__class__", 1, "only metadata has fields"),
        ("cost + 1 > 2", 1, "this is no value"),
        ("cost > 1 if streamed else cost > 2", 1, "this is no condition"),
        ("[x for x in tools]", 1, "this is no condition"),
        ("lambda: 1", 1, "this is no condition"),
        ("f'{model}' == 'x'", 1, "this is no value"),
        ("b'x' in text", 1, "this is no value"),
        ("1j == cost", 1, "this is no value"),
        ("model; model", 6, "invalid syntax"),
        ("True", 1, "this is no condition"),
        ("streamed # or not", 10, "invalid syntax"),
        ("model @ 'x'", 7, "invalid syntax"),
        ("model == 'a\nb", 10, "unterminated"),
        ("-cost > 1", 1, "this is no value"),
        ("(m := model) == 'x'", 2, "this is no value"),
        ("cost < " + "9" * 5000, LONGEST, "longer than"),
        ("not " * (DEEPEST + 5) + "streamed", 4 * DEEPEST + 5, "nested deeper"),
        ("(" * 300 + "streamed" + ")" * 300, 1, "nested"),
        ("metadata" + ".a" * (DEEPEST + 5), 1, "only metadata has fields"),
        ("model == 'a\0b'", 1, "null"),
        ("model == '\ud83d'", 1, "cannot be read"),
    ],
)  # fmt: skip
def test_every_mistake_is_one_line_with_its_column(condition, column, problem):
    with pytest.raises(UsageError) as caught:
        Where(condition)
    said = str(caught.value)
    assert problem in said
    assert "\n" not in said
    if "nested" not in problem and "read" not in problem and "null" not in problem:
        assert said.startswith(f"where, column {column}: ")


def test_an_unknown_name_lists_all_names():
    with pytest.raises(UsageError) as caught:
        Where("x == 1")
    assert all(f"{name}, " in str(caught.value) for name in FIELDS)


def test_one_name_alone():
    assert field("category")(ROW) == "extract"
    assert field('metadata["team"].size')(ROW) == 3
    for wrong in ("model == 'x'", "nope", "'x'"):
        with pytest.raises(UsageError, match="where, column 1"):
            field(wrong)


def test_every_name_reads_something_of_any_row():
    kinds = {TEXT: str, NUMBER: (int, float), FLAG: bool, LIST: list}
    for found in (ROW, BARE, row(chat("x", status=None)), row(chat(reply=b"?"))):
        for name, known in FIELDS.items():
            value = known.read(found)
            assert value is None or isinstance(value, kinds.get(known.kind, object)), name


PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "evaluate-corpus.md").read_text(encoding="utf-8")


def test_the_page_lists_every_name_with_its_meaning():
    listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed == [(name, known.says) for name, known in FIELDS.items()]


def test_the_conditions_of_the_page_are_conditions():
    below = PAGE.partition("\n## Conditions\n\n```\n")[2]
    conditions = below.partition("\n```\n")[0].splitlines()
    assert len(conditions) == 4
    assert [Where(condition)(ROW) for condition in conditions] == [True, True, True, False]


def test_it_says_what_it_is():
    assert repr(Where("streamed")) == "Where('streamed')"


# A reference that shares nothing with the real one: a tree, written as text and computed by itself.

TEXTS = {"model": "gpt-4o", "category": "extract", "tag": "v1", "session": None, "stop": "tool_calls"}
NUMBERS = {"tokens": 120, "images": 1, "seconds": 0.45, "status": 200, "metadata.none": None}
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compared(known, values):
    def of(name, sign, value):
        held = known[name]
        if sign in ORDER:
            fits = held is not None and ORDER[sign](held, value)
        else:
            fits = (held == value) == (sign == "==")
        return f"{name} {sign} {value!r}", fits

    return st.builds(of, st.sampled_from(sorted(known)), st.sampled_from([*ORDER, "==", "!="]), values)


def listed(name, values, wanted):
    sign = "in" if wanted else "not in"
    return f"{name} {sign} {values!r}", (TEXTS[name] in values) == wanted


WORDS = st.one_of(st.sampled_from([value for value in TEXTS.values() if value]), st.text(max_size=5))
LEAVES = st.one_of(
    compared(TEXTS, WORDS),
    compared(NUMBERS, st.one_of(st.integers(-5, 300), st.sampled_from([0.45, 1.5]))),
    st.builds(listed, st.sampled_from(sorted(TEXTS)), st.lists(WORDS, max_size=3), st.booleans()),
    st.sampled_from([("tools", True), ("streamed", False), ("session", False), ("images", True)]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", not one[1])),
        st.tuples(inner, inner).map(
            lambda two: (f"({two[0][0]}) and ({two[1][0]})", two[0][1] and two[1][1])
        ),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", two[0][1] or two[1][1])),
    ),
    max_leaves=8,
)


@given(TREES)
def test_it_computes_what_the_reference_computes(tree):
    text, fits = tree
    assert Where(text)(ROW) is bool(fits)


def test_what_python_would_warn_of_is_taken_as_it_stands():
    assert Where(r'not model matches "\d*" and category is "extract"')(ROW)


@pytest.mark.parametrize("text", ["a" * 200_000, "a" * 200_000 + "b"], ids=["no", "yes"])
def test_a_glob_takes_no_longer_the_more_ways_there_are(text):
    found = row(chat("Hi", reply=text))
    assert Where('reply matches "*a*a*a*a*a*a*a*a*a*a*b"')(found) is text.endswith("b")


def outcome(text):
    """True, False, or the mistake."""
    try:
        return Where(text)(ROW)
    except UsageError as error:
        return str(error)


def is_fine(found):
    return found in (True, False) or (found.startswith("where, column ") and "\n" not in found)


@given(st.text(max_size=80))
def test_any_text_is_a_condition_or_a_mistake_in_one_line(text):
    assert is_fine(outcome(text))


PIECES = st.sampled_from(
    ["model", "cost", "metadata", ".x", '"a"', "'", "(", ")", "[", "]", "==", "<", "in", "not", "and", "or", " ", "matches",
     "-", "1", "None", ",", "@", "True", "\n", "#", ":", "lambda", "*", "if", "\\", "f''"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map(" ".join))
def test_any_pieces_are_a_condition_or_a_mistake_in_one_line(text):
    assert is_fine(outcome(text))
