"""Texts as they are compared: what is presentation, what is said, and how alike two of them are."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("rapidfuzz")
pytest.importorskip("regex")

from tokentape.evaluation.comparing import fuzzy as fuzzy_module
from tokentape.evaluation.comparing.comparator import Pair, Side, Verdict
from tokentape.evaluation.comparing.pattern import Pattern
from tokentape.evaluation.comparing.plain import blocks, folded, in_short, one_spelling, spoken, unfenced
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Audio, Data, Image, Inline, Refusal, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.testing.contracts.replies import calling, cut, said


def compared(spec, before, after):
    (comparator,) = comparators_of(spec)
    before, after = (said(side) if isinstance(side, str) else side for side in (before, after))
    return comparator.compare(Pair(Conversation(()), before, after))


def replied(*items, **more):
    return Side(Reply((Choice(items),), **more))


def says(*parts):
    return Message(Role.ASSISTANT, parts)


# ---- plain text


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("plain", "plain"),
        ("```\nx\n```", "x"),
        ("```json\n{}\n```\n", "{}"),
        ("\n\n  ```python title=a\nx\ny\n  ```  \n", "x\ny"),
        ("~~~\n```\nx\n```\n~~~", "```\nx\n```"),
        ("````\n```\nx\n```\n````", "```\nx\n```"),
        ("```json\r\n{}\r\n```\r\n", "{}"),
        ("```json\n{}", "{}"),
        ("```json\n{}```", "{}"),
        ("```\n```", ""),
        ("```", ""),
        ("so:\n```\nx\n```", "so:\n```\nx\n```"),
        ("```\nx\n```\nthat is it", "```\nx\n```\nthat is it"),
        ("```\na\n```\n```\nb\n```", "```\na\n```\n```\nb\n```"),
        ("`x`", "`x`"),
        ("```x```", "```x```"),
    ],
)
def test_a_fence_around_all_of_it_is_presentation(text, inside):
    assert unfenced(text) == inside


def test_fenced_blocks_are_found_in_order():
    assert [block.inside for block in blocks("a\n```x\n1\n```\nb\n~~~\n2\n~~~\n```\n3")] == ["1", "2", "3"]


def test_what_a_reader_does_not_see_does_not_count():
    assert folded(" Stra\u00dfe\r\n\tX\u00a0") == "strasse x"
    assert folded("e\u0301") == folded("\u00c9")


def test_the_text_is_what_is_seen_in_order():
    side = replied(
        Reasoning("hm"),
        says(Text("It is "), Text("so."), Data({"b": 1, "a": 2})),
        calling("f", {}),
        says(Refusal("No."), Audio(transcript="And?"), Data("x"), Image(Inline("image/png", "AAAA"))),
    )
    assert side.text == 'It is so.{"a":2,"b":1}\nNo.And?x'
    assert [call.name for call in side.calls] == ["f"]


def test_only_the_first_choice_is_looked_at():
    reply = Reply((Choice((says(Text("one")),)), Choice((says(Text("two")),), index=1)))
    assert Side(reply).text == "one"


# ---- whole or not


@pytest.mark.parametrize(
    "side",
    [
        Side(Reply((Choice((says(Text("x")),)),)), is_whole=False),
        replied(says(Text("x")), complete=False),
        replied(says(Text("x")), failure=Failure(FailureKind.OVERLOADED, "busy")),
        Side(Reply((Choice((says(Text("x")),), Stop(StopReason.ERROR, "error")),))),
    ],
    ids=["cut", "not complete", "failed", "broken off"],
)
def test_what_is_not_whole_is_never_equal(side):
    verdict = compared("exact", "x", side)
    assert (verdict.score, verdict.passed, verdict.flags) == (0, False, ("not whole",))
    assert compared("exact", side, side).score is None
    assert compared("exact", side, "x").reason.startswith("the recorded reply is not whole: it ")


# ---- exact


@pytest.mark.parametrize(
    ("before", "after", "score", "strict"),
    [
        ("Positive", " positive\n", 1, 0),
        ("yes", "```\nyes\n```", 1, 1),
        ("yes", "no", 0, 0),
        ("", "", 1, 1),
        (said("", calling("f", '{"a": 1, "b": 2}')), said("", calling("f", '{"b":2,"a":1}')), 1, 1),
        (said("", calling("f", {"a": 1})), said("", calling("f", {"a": 2})), 0, 0),
        (said("", calling("f", {})), "", 0, 0),
        (
            replied(says(Image(Inline("image/png", "AAAA")))),
            replied(says(Image(Inline("image/png", "AAAB")))),
            0,
            0,
        ),
        (replied(says(Image(Inline("image/png", "AAAA")))), replied(says(Image(Inline("", "AAAA")))), 1, 1),
    ],
)
def test_exact(before, after, score, strict):
    verdict = compared("exact", before, after)
    assert (verdict.score, verdict.passed) == (score, bool(score))
    assert compared("exact:strict", before, after).score == strict


@pytest.mark.parametrize("spec", ["exact", "exact:strict", "fuzzy"])
def test_a_text_is_no_call_and_no_picture_however_it_reads(spec):
    called, image = said("", calling("get", {"a": 1})), replied(says(Image(Inline("image/png", "AAAA"))))
    for side in (called, image):
        read = spoken(side.reply, side.text)
        for text in (read, read.strip(), read.strip().lstrip("\ufdd0"), 'get({"a":1})', 'call get({"a":1})'):
            assert compared(spec, text, side).score < 1
            assert compared(spec, side, side).score == 1


def test_the_sign_of_a_call_is_not_shown():
    (difference,) = compared("exact", "hello", said("", calling("get", {"a": 1}))).differences
    assert difference.after.strip() == 'call get({"a":1})'


def test_texts_that_differ_are_shown_around_the_place():
    verdict = compared("exact", "a " * 400 + "one " + "b " * 400, "a " * 400 + "two " + "b " * 400)
    (difference,) = verdict.differences
    assert difference.before.startswith("...a a")
    assert " one b" in difference.before
    assert " two b" in difference.after
    assert len(difference.before) < 200


# ---- fuzzy


def test_fuzzy_is_the_share_that_both_have_in_order():
    verdict = compared("fuzzy", "abcd", "abed")
    assert verdict == Verdict(0.75, False, "similar by 0.75, not enough for 0.8", verdict.differences)
    assert compared("fuzzy:0.7", "abcd", "abed").passed
    assert compared("fuzzy", "", "abc").score == 0


def test_texts_that_differ_never_score_1():
    long = "a" * 5_000_000
    verdict = compared("fuzzy", f"{long}x{long}", f"{long}y{long}")
    assert 0.99 < verdict.score < 1
    assert verdict.reason.startswith("similar by 0.999, ")


def test_long_texts_are_compared_word_by_word_and_very_long_ones_as_bags(monkeypatch):
    one, other = "a quick brown fox", "one quick brown dog"
    assert fuzzy_module.similarity(one, other)[1] == ""
    monkeypatch.setattr(fuzzy_module, "_CHARACTERS", 10)
    assert fuzzy_module.similarity(one, other) == (0.5, " (word by word, since the texts are long)")
    assert fuzzy_module.similarity("brown quick", "quick brown")[0] == 0.5
    assert fuzzy_module.similarity("a quick brown fox", "a quick brawn fox")[1] == "", "they share the rest"
    monkeypatch.setattr(fuzzy_module, "_WORDS", 2)
    score, how = fuzzy_module.similarity("brown quick", "quick brown")
    assert (score, how) == (0.999_999, " (as bags of words, since the texts are very long)")


# ---- contains, regex


def test_contains_wants_every_text():
    assert compared('contains:"in stock",today', "-", "It is IN  STOCK today.").passed
    verdict = compared('contains:"in stock",today', "today", "It is in stock.")
    assert (verdict.score, verdict.passed, verdict.reason) == (0.5, False, 'the new reply lacks "today"')
    assert verdict.differences[0].note == "missing"
    assert compared("contains:x", "-", "-").differences[0].note == "missing, as before"


def test_contains_without_a_text_wants_the_recorded_reply():
    assert compared("contains", "Positive", "The mood is positive.").passed
    assert compared("contains", "Positive", "The mood is bad.").score == 0
    assert compared("contains", " ", "anything").score is None


def test_a_pattern_matches_somewhere_in_the_new_reply():
    assert compared(r"regex:^\d+ items$", "x", "```\n12 items\n```").passed
    verdict = compared(r"regex:\d{2,3}", "12", "1")
    assert (verdict.score, verdict.passed, verdict.differences[0].note) == (0, False, "")
    assert compared(r"regex:\d{2,3}", "1", "1").differences[0].note == "nor did the recorded one"
    assert compared("regex:[[a]", "x", "a").passed, "as `re` reads it"


def test_a_pattern_that_takes_forever_is_given_up():
    import regex

    comparator = Pattern("regex", regex.compile(r"^(a|aa)+$"), seconds=0.02)
    verdict = comparator.compare(Pair(Conversation(()), said("x"), said("a" * 60 + "!")))
    assert (verdict.score, verdict.flags) == (None, ("pattern too slow",))
    assert comparator.compare(Pair(Conversation(()), said("x"), said("aaa"))).score == 1


def test_a_cut_reply_contains_nothing():
    assert compared("contains:a", "a", cut(said("a"))).score == 0
    assert compared("regex:a", cut(said("a")), "a").score is None


def test_a_custom_tool_takes_text():
    def call(text):
        return said("", ToolCall("c", "sh", text, kind="custom"))

    assert compared("exact", call("ls"), call('{"a":1}')).score == 0
    assert compared("exact", call('{"a": 1}'), call('{"a":1}')).score == 0, "text, so spacing inside counts"


def test_what_is_nested_too_deep_has_one_spelling():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert one_spelling(deep) == in_short(deep) == "(nested too deep)"
    side = replied(says(Data(deep)))
    assert compared("exact", side, side).score == 1
    while deep:  # from the outside in, since Python takes nested lists apart by recursion
        deep = deep.pop()


def test_importing_comparators_imports_none_of_their_packages():
    code = (
        "import sys, tokentape.evaluation.comparing.spec as spec; spec.comparators_of('exact,json,toolcalls');"
        "print({'rapidfuzz', 'jsonschema', 'regex', 'referencing'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
