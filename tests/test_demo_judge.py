"""The demo's judge: it knows the right answers, says which reply lacks what, and now and then likes the first."""

from __future__ import annotations

import json

import pytest

from tokentape.cli.demo.migrating.judge import Judge
from tokentape.evaluation.comparing.comparator import Pair, Side
from tokentape.evaluation.comparing.judge import Judge as Asking
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Image, Inline, Text
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.testing.provider import Call, References
from tokentape.testing.provider.turn import Question

PROSE = "The kettle leaks at the base and the seal was changed in August."


@pytest.fixture
def known():
    references = References()
    references.add("Sum it up.", PROSE)
    references.add("Extract it.", {"category": "billing", "priority": 2})
    references.add("Call it.", Call("refund", {"order": 7}))
    references.add("Which colour?", "red")
    for number in range(100):
        references.add(f"Say {number}.", f"Number {number} is said.")
    return references


def judged(known, text, before, after, *media):
    """The verdict of the comparator, asked of this judge; each side is a text, or a call of a tool."""
    asked = Conversation((Message(Role.USER, (*media, Text(text))),))
    plan = Asking("judge", ("court/arbiter",)).plan(Pair(asked, *map(side, (before, after))))
    answer = None
    while True:
        try:
            prompt = plan.send(answer)
        except StopIteration as found:
            return found.value
        shown = prompt.asked.items[-1].parts[0].text
        answer = reply(said(Judge(known)(Question("arbiter", shown)).text))


def said(text):
    return (Message(Role.ASSISTANT, (Text(text),)),)


def reply(items):
    return Reply((Choice(items),))


def side(told):
    return Side(reply((told,) if isinstance(told, ToolCall) else said(told)))


@pytest.mark.parametrize(
    ("text", "before", "after", "score"),
    [
        ("Sum it up.", PROSE, f"In short: {PROSE}", 1),
        ("Sum it up.", PROSE, "The kettle leaks at the base since August.", 0.5),
        ("Sum it up.", PROSE, "I can't help with that.", 0),
        ("Sum it up.", "I can't help with that.", PROSE, 1),
        (
            "Extract it.",
            '{"category": "billing", "priority": 2}',
            '{"priority": 2,\n"category": "billing"} ',
            1,
        ),
        (
            "Extract it.",
            '{"category": "billing", "priority": 2}',
            '{"category": "damage", "priority": 2}',
            0.5,
        ),
        ("Call it.", ToolCall("1", "refund", '{"order":7}'), ToolCall("2", "refund", '{"order":8}'), 0.5),
        ("Call it.", ToolCall("1", "refund", '{"order":7}'), "No.", 0),
        ("Which colour?", "red", "blue", 0),
        ("Who knows?", "Nobody.", "Somebody.", 1),
    ],
)
def test_it_finds_what_is_missing(known, text, before, after, score):
    found = judged(known, text, before, after)
    assert found.score == score, found
    assert found.passed == (score >= 0.75)


def test_a_picture_is_no_part_of_the_question(known):
    image = Image(Inline("image/png", "iVBORw0KGgo="))
    assert judged(known, "Which colour?", "red", "blue", image).score == 0


def test_of_equal_replies_it_now_and_then_likes_the_first_and_is_found_out(known):
    flags = [
        judged(known, f"Say {number}.", f"Number {number} is said.", f"Well, number {number} is said!").flags
        for number in range(100)
    ]
    assert 0 < sum("order matters" in each for each in flags) < 20


def test_what_shows_no_replies_is_none_of_its_business(known):
    assert Judge(known)(Question("arbiter", "Hello?")) is None


def test_its_opinion_is_one_object(known):
    text = "[0123456789] the request, user says\nSum it up.\n\n[0123456789] reply A, assistant says\nA\n\n[0123456789] end"
    assert json.loads(Judge(known)(Question("arbiter", text)).text)["better"] in ("A", "B", "same")
