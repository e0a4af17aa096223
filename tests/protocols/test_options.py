"""One table reads and writes the options of a dialect."""

from __future__ import annotations

import pytest

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation, Options, Tool
from tokentape.protocols.canonical.losses import Losses
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.checking import Where
from tokentape.protocols.options import NO_OPTIONS, Place, read_options, unwritten, write_options

PLACES = (
    Place("max_output_tokens", ("config", "maxTokens"), "integer"),
    Place("temperature", ("config", "temperature"), "number"),
    Place("stop", ("stop",), "texts"),
    Place("store", ("store",), "flag"),
    Place("user", ("user",), "text"),
    Place("metadata", ("metadata",), "json"),
)
BODY = {
    "config": {"maxTokens": 5, "temperature": 0},
    "stop": ["END"],
    "store": False,
    "user": "ada",
    "metadata": {"a": 1},
}


def test_there_and_back():
    options = read_options(BODY, PLACES, Where("mine"))
    assert options == Options(
        max_output_tokens=5, temperature=0, stop=("END",), store=False, user="ada", metadata={"a": 1}
    )
    body = {"config": {"other": 1}}
    written = write_options(options, PLACES, body)
    assert body == {**BODY, "config": {**BODY["config"], "other": 1}}
    assert written == {"max_output_tokens", "temperature", "stop", "store", "user", "metadata"}


def test_nothing_said_is_nothing_written():
    assert read_options({"config": None, "stop": None}, PLACES, Where("mine")) is NO_OPTIONS
    body = {}
    assert write_options(NO_OPTIONS, PLACES, body) == frozenset()
    assert body == {}


def test_a_wrong_type_says_where():
    with pytest.raises(ProtocolError, match=r"mine: config\.temperature: expected a number, found text"):
        read_options({"config": {"temperature": "hot"}}, PLACES, Where("mine"))


def test_what_cannot_be_written_is_a_loss_by_its_place_in_the_source():
    losses = Losses()
    options = Options(seed=7, stop=("END",), candidates=2, temperature=1, parallel_tool_calls=True)
    unwritten(Conversation((), options=options, origin=Origin("gemini")), frozenset({"temperature"}), losses)
    assert [(loss.path, loss.severity.value) for loss in losses.report] == [
        ("generationConfig.seed", "tuning"),
        ("generationConfig.stopSequences", "meaning"),
        ("generationConfig.candidateCount", "meaning"),
    ]


@pytest.mark.parametrize(
    "origin", [None, Origin(""), Origin("of another package")], ids=["none", "empty", "unknown"]
)
def test_of_a_source_that_nobody_knows_the_option_is_named(origin):
    losses = Losses()
    unwritten(Conversation((), options=Options(seed=7), origin=origin), frozenset(), losses)
    assert [loss.path for loss in losses.report] == ["seed"]


def test_values_that_say_what_happens_anyway_are_no_loss():
    losses = Losses()
    harmless = Options(candidates=1, parallel_tool_calls=True, modalities=("text",), logprobs=False, stop=())
    unwritten(Conversation((), options=harmless), frozenset(), losses)
    assert not losses.report


def test_how_many_calls_at_once_says_nothing_without_tools():
    losses = Losses()
    unwritten(Conversation((), options=Options(parallel_tool_calls=False)), frozenset(), losses)
    assert not losses.report
    one = Conversation((), tools=(Tool("f"),), options=Options(parallel_tool_calls=False))
    unwritten(one, frozenset(), losses)
    assert losses.report.meaning
